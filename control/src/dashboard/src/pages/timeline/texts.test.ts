import { afterEach, expect, it } from "vitest";
import type { Scheduler } from "@/api/types";
import { words } from "@/words";
import { mixed } from "./colors";
import type { Attempt, Idle, Item } from "./items";
import { bar, estimate, NOW, task } from "./made";
import { textsOf } from "./texts";
import { factsOf, modelOf } from "./told";

afterEach(() => words.changeLanguage("en"));

const told = (schedulers: Scheduler[] = []) => ({
  t: words.t,
  schedulers,
  users: new Map([["G0", ["alice", "bob"]]]),
});
const gpus = [
  {
    kind: "gpu" as const,
    uuid: "G0",
    index: "0",
    name: "NVIDIA GeForce RTX 4090",
    totalGb: 24,
    isSimulated: false,
  },
];
const facts = (item: Item, schedulers: Scheduler[] = []) =>
  factsOf(item, { ...told(schedulers), now: NOW, gpus });

const failed: Attempt = {
  kind: "attempt",
  look: "failed",
  isOpen: false,
  start: 1_000,
  end: 2_560,
  bar: bar(1, 1_000, 2_560, { how: "failed", error: "out of memory", attempt: 2, peak_gb: 15.9 }),
  task: task(1, "2/1"),
};
const running: Attempt = {
  ...failed,
  look: "running",
  isOpen: true,
  end: Infinity,
  bar: bar(1, 1_000, null),
};
const waiting: Idle = {
  kind: "idle",
  look: "waiting",
  isOpen: true,
  start: 1_000,
  since: 1_000,
  end: Infinity,
  task: task(1, "12/0"),
};
const reason = {
  pid: 7,
  state: {
    queues: [
      {
        queue_id: 12,
        tasks: [
          {
            key: "k12/0",
            state: { status: "waiting", reason: "needs 4 GPUs", blockers: [], gpus: 4, ready: 0 },
          },
        ],
      },
    ],
  },
} as unknown as Scheduler;

it("says on a bar what it has room for", () => {
  const texts = textsOf(told(), NOW);
  expect(texts.attempt(failed, true)).toEqual(["2/1"]);
  expect(texts.attempt(running, true)).toEqual(["2/1 name of 2/1"]);
  expect(texts.attempt({ ...running, bar: bar(1, 1, null, { gpu_ids: ["1", "2"] }) }, false)[0]).toBe(
    "2/1 on GPU 1 and 2",
  );
  const others = { uuid: "G0", own: false, start: 1, end: 2, gb: 42.3 };
  expect(texts.people({ kind: "people", start: 1, end: Infinity, isOpen: true, others })[0]).toBe(
    "alice and bob, 42.3 GB",
  );
  const mine = { ...others, own: true };
  expect(texts.people({ kind: "people", start: 1, end: Infinity, isOpen: true, others: mine })[0]).toBe(
    "yours, no task, 42.3 GB",
  );
});

it("says why it waits, or until about when", () => {
  const texts = textsOf(told([reason]), NOW);
  expect(texts.idle(waiting)).toEqual(["12/0 needs 4 GPUs"]);
  expect(texts.idle({ ...waiting, end: NOW + 60 })[0]).toMatch(/^12\/0 until about \d\d:\d\d$/);
  expect(texts.idle({ ...waiting, look: "held" })[0]).toBe("12/0 held");
});

it("tells all of an attempt, and leads to its log", () => {
  const said = facts(failed);
  expect([said.word, said.title, said.detail, said.opens]).toEqual([
    "Failed",
    "2/1",
    "attempt 2",
    "opens its log at the error",
  ]);
  expect(Object.fromEntries(said.rows)).toMatchObject({
    GPU: "GPU 0, RTX 4090",
    Memory: "peak 15.9 of 16 GB",
    Error: "out of memory",
  });
  expect(said.to).toBe("/ui/logs/view?path=%2Fh%2Flogs%2F1.log");
});

it("leaves no gap in its words", () => {
  const parts: Partial<Attempt["bar"]>[] = [{}, { peak_gb: null }, { asked_gb: null }, { how: "stopped" }];
  const items: Item[] = [
    ...parts.map((more): Item => ({ ...failed, bar: { ...failed.bar, ...more } })),
    { ...failed, look: "pending", bar: bar(1, 1, null, { how: "no end known" }) },
    running,
    { ...running, end: NOW + 60 },
    waiting,
    { ...waiting, end: NOW + 60 },
    {
      kind: "people",
      start: 1,
      end: 9,
      isOpen: false,
      others: { uuid: "G0", own: false, start: 1, end: 9, gb: 4 },
    },
    {
      kind: "lease",
      uuid: "G0",
      start: 1,
      end: 9,
      lease: { user: "bob", label: "queue 3", declared_gb: null, exclusive: true, used_gb: 0 },
    },
    { kind: "estimate", start: 1, end: 9, estimate: estimate(1, "1/3", 1, 9) },
  ];
  for (const item of items) expect(JSON.stringify(facts(item, [reason]))).not.toMatch(/\{\{|timeline\./);
});

it("tells the rest in Chinese as well", async () => {
  await words.changeLanguage("zh");
  expect(facts(failed).word).toBe("失败");
  const why: Attempt["bar"]["cause"] = { kind: "exit", code: 3, command: null };
  const ended = { ...failed, bar: { ...failed.bar, error: "exit 3", cause: why } };
  expect(Object.fromEntries(facts(ended).rows)["错误"]).toBe("退出码 3");
  expect(Object.fromEntries(facts(waiting, [reason]).rows)["原因"]).toMatch(/^需要 4 张卡/);
});

it("names models as people do", () => {
  expect(
    ["NVIDIA A100-SXM4-80GB", "NVIDIA GeForce RTX 4090", "NVIDIA H100 80GB HBM3", "Simulated 24 GB"].map(
      modelOf,
    ),
  ).toEqual(["A100", "RTX 4090", "H100", "Simulated"]);
});

it("mixes colors as CSS does", () => {
  expect(mixed("#ffffff", "#000000", 0.25)).toBe("rgb(64, 64, 64)");
  expect(mixed("#fff", "#102030", 0)).toBe("rgb(16, 32, 48)");
});
