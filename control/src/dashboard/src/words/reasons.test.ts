import { beforeEach, expect, it } from "vitest";
import type { Blocker, Cause, TaskState } from "@/api/types";
import { words } from ".";
import { becauseOf, errorOf } from "./causes";
import { sentence, waitsBecause } from "./reasons";

type Kind = NonNullable<Blocker["kind"]>;
type Of<K extends Kind> = Omit<Extract<Blocker, { kind?: K }>, "kind">;
type Holder = NonNullable<Of<"card_leased">["holder"]>;

const leased = (by: string, holder?: Holder, own = true): Of<"card_leased"> => ({
  gpu: "0",
  by,
  own,
  holder: holder ?? null,
});

/** What can be in a task's way, each kind with all its shapes. */
const BLOCKERS: { [K in Kind]: Of<K>[] } = {
  card_short: [
    { gpu: "0", free_gb: 11.2, others_gb: 12.1, users: [["alice", 12.1]], promised_gb: 0 },
    { gpu: "0:1", free_gb: 3, others_gb: 4, users: [["unknown", 4]], promised_gb: 12 },
  ],
  card_leased: [
    leased("queue 3"),
    leased("bob", undefined, false),
    leased("another scheduler of yours"),
    ...(
      [
        ["elsewhere", "queue 21", 4711],
        ["elsewhere", "", null],
        ["ended", "queue 21", 4711],
        ["sought", "task 3/1", null],
        ["left_running", "task 3/1", null, ["python (pid 4711)", "sleep (pid 4712)"]],
      ] as const
    ).map(([kind, whose, scheduler, processes]) =>
      leased("an English phrase", { kind, whose, scheduler, processes: [...(processes ?? [])] }),
    ),
  ],
  card_busy: [
    { gpu: "1", user: "alice", pid: 4711, command: "python" },
    { gpu: "1", user: "unknown", pid: 4711, command: "" },
  ],
  card_crowded: [{ gpu: "1", others_percent: 61.2, limit_percent: 50 }],
  card_unusable: (
    ["lost", "unreadable", "off", "prohibited", "missing", "leases_gone", "aside"] as const
  ).map((why) => ({ gpu: "3", why })),
  card_claimed: [{ gpu: "3", by: "task 3/1" }],
  cap_reached: [
    { allowance: { held: 5, allowed: 5, available: 6 }, claimed: 1, needs_more: 1 },
    { allowance: { held: 5, allowed: 5, available: 5 }, claimed: 0, needs_more: 2 },
  ],
  too_few_cards: [{ needed: 4, suitable: 2 }],
  limit_reached: [
    { limit: 4, setting: "max_tasks", running: 5 },
    { limit: 4, setting: "cpu_tasks", running: 0 },
  ],
  behind_in_line: [{ by: "task 3/0" }],
  driver_silent: [{ since: 1, error: "NVML" }],
  leases_unreadable: [{ error: "EIO" }],
  launch_refused: [{ error: "ENOSPC" }],
  standstill: (["paused", "draining", "disk_full", "comparing"] as const).map((why) => ({ why })),
  not_yet_tried: [{}],
};

const CAUSES: { [K in NonNullable<Cause["kind"]>]: Omit<Extract<Cause, { kind?: K }>, "kind">[] } = {
  exit: [
    { code: 1, command: null, said: "KeyError" },
    { code: 1, command: "python" },
    { code: 127, command: null },
    { code: 126, command: "python" },
  ],
  signal: [{ signal: 9, command: "python" }, { signal: 40 }],
  out_of_memory: [
    { code: 1, peak_gb: 15.9, tried_gb: 2.5 },
    { code: 1, peak_gb: null, tried_gb: null },
  ],
  timeout: [{ seconds: 7200 }, { seconds: null }],
  killed: [{ by: "alice" }, { by: "its user" }],
  stopped: [{}],
  lost: [{ reboot: true }, { reboot: false }],
  not_launched: [{ error: "ENOSPC" }],
};

/** Names, units, settings' keys and what other programs say: they stay as they are in both languages. */
const STAY =
  /GPU|GB|pid|alice|bob|python|sleep|SIG[A-Z]+|KeyError|NVML|E[A-Z]{2,}|PROHIBITED|fifo|compare_gpus|busy_memory_percent|(?:max|cpu)_tasks|gpu_left|min_gpu|max_gpu/g;

const blockers = Object.entries(BLOCKERS).flatMap(([kind, all]) =>
  all.map((one) => ({ kind, ...one }) as Blocker),
);
const causes = Object.entries(CAUSES).flatMap(([kind, all]) => all.map((one) => ({ kind, ...one }) as Cause));

function expectChinese(text: string) {
  expect(text.replace(STAY, "")).not.toMatch(/[A-Za-z]/);
  expect(text).toMatch(/[一-鿿].*。$/);
  expect(text).not.toMatch(/[一-鿿][A-Za-z0-9]|[A-Za-z0-9][一-鿿]| {2}|undefined|null/);
}

beforeEach(async () => {
  await words.changeLanguage("zh");
});

it.each(blockers)("says in Chinese what is in the way: %o", (blocker) => {
  const waits = { reason: "in English", since: 1, stuck: false, blockers: [blocker], ready: 1 };
  for (const asked of [
    { gpus: 0, memory_gb: null },
    { gpus: 1, memory_gb: null },
    { gpus: 4, memory_gb: 22.5 },
  ])
    expectChinese(waitsBecause({ status: "waiting", ...waits, ...asked }));
});

it.each(causes)("says in Chinese how an attempt ended: %o", (cause) => {
  expectChinese(sentence(errorOf("in English", cause)));
});

it("says in Chinese what stopped a queue", () => {
  const skipped: Extract<TaskState, { status?: "skipped" }> = {
    status: "skipped",
    since: 1,
    because: "task 3/1 failed",
    failed: "3/1",
  };
  expectChinese(sentence(becauseOf(skipped)));
});

it("names the holders of leases", () => {
  const said = (one: Of<"card_leased">) =>
    waitsBecause({
      status: "waiting",
      since: 1,
      reason: "",
      stuck: false,
      gpus: 0,
      memory_gb: null,
      ready: 0,
      blockers: [
        { kind: "card_leased", ...one },
        { kind: "card_leased", ...one, gpu: "2" },
      ],
    });
  expect(BLOCKERS.card_leased.map(said)).toEqual([
    "GPU 0、2 已租给队列 3。",
    "GPU 0、2 已租给 bob。",
    "GPU 0、2 已租给你的另一个调度器。",
    "GPU 0、2 已租给你的另一个调度器（pid 4711）的队列 21。",
    "GPU 0、2 已租给你的另一个调度器。",
    "GPU 0、2 已租给队列 21，由你的一个已结束的调度器（pid 4711）启动。",
    "GPU 0、2 已租给任务 3/1，正在查找它。",
    "GPU 0、2 已租给任务 3/1 留下的进程 python (pid 4711)、sleep (pid 4712)。",
  ]);
});

it("leaves English to the scheduler", async () => {
  await words.changeLanguage("en");
  expect(errorOf("exit 1", { kind: "exit", code: 1 })).toBe("exit 1");
});
