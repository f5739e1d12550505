/** What is written on bars; where there are several, the longest that fits is taken. */
import type { TFunction } from "i18next";
import type { Scheduler, Task } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { clock, clockSeconds } from "@/format/time";
import { words } from "@/words";
import { reasonInChinese } from "@/words/reasons";
import type { Attempt, Estimated, Idle, Lease, People } from "./items";

export interface Texts {
  attempt: (item: Attempt, onGpu: boolean) => string[];
  /** Right of now. */
  guess: (item: Attempt, onGpu: boolean) => string[];
  estimate: (item: Estimated) => string[];
  idle: (item: Idle) => string[];
  people: (item: People) => string[];
  lease: (item: Lease) => string[];
}

export interface Told {
  t: TFunction;
  schedulers: readonly Scheduler[];
  /** Names of those who use a card now. */
  users: ReadonlyMap<string, string[]>;
}

export function textsOf({ t, schedulers, users }: Told, now: number): Texts {
  const until = (at: number) => t("timeline.until", { at: soon(at, now) });
  return {
    attempt: ({ task, bar, look }, onGpu) => {
      if (look !== "running") return [task.task];
      if (onGpu) return task.name ? [`${task.task} ${task.name}`] : [task.task];
      return bar.gpu_ids.length
        ? [t("timeline.on", { task: task.task, gpus: all(bar.gpu_ids, t) }), task.task]
        : [task.task];
    },
    guess: ({ task, end }, onGpu) =>
      onGpu ? [`${task.task} ${until(end)}`, task.task] : [until(end), `~${soon(end, now)}`],
    estimate: ({ estimate }) => {
      const { task, name, key, scheduler, queue_id, status } = estimate;
      const tried = status === "backoff" ? find(schedulers, scheduler, queue_id, key)?.attempts : undefined;
      if (tried === undefined) return name ? [`${task} ${name}`, task] : [task];
      return [t("timeline.who", { who: task, what: t("timeline.attempt", { number: tried + 1 }) }), task];
    },
    idle: ({ task, look, isOpen, end }) => {
      const plain = `${task.task} ${t(`counted.${look}`)}`;
      if (!isOpen || look === "held") return [plain, task.task];
      if (end !== Infinity && end > now) return [`${task.task} ${until(end)}`, task.task];
      const why =
        look === "waiting" ? reasonOf(find(schedulers, task.scheduler, task.queue_id, task.key)) : "";
      return why ? [`${task.task} ${why.replace(/[.。]$/, "")}`] : [plain, task.task];
    },
    people: ({ others, isOpen }) => {
      const size = `${measuredGb(others.gb)} GB`;
      const named = isOpen ? users.get(others.uuid) : undefined;
      const who = whose(others.own, named ?? [], t);
      return [t("timeline.who", { who, what: size }), size];
    },
    lease: ({ lease }) => [
      t("timeline.who", { who: lease.user, what: leaseSize(lease.declared_gb, t) }),
      lease.user,
    ],
  };
}

/** "16:20" of the next time that the clock shows it; with its date where that is further away. */
function soon(at: number, now: number): string {
  return at - now < 20 * 3_600 ? clockSeconds(at).slice(0, 5) : clock(at, now);
}

/** Who has what is no task's. `named`: where their names are known. */
export function whose(isOwn: boolean, named: readonly string[], t: TFunction): string {
  if (isOwn) return t("timeline.stray");
  return named.length ? all(named, t) : t("timeline.otherPeople");
}

/** "8 GB lease". */
export function leaseSize(declared: number | null, t: TFunction): string {
  return declared === null ? t("timeline.leaseOfAll") : t("timeline.leaseOf", { gb: gb(declared) });
}

/** "1, 2 and 4". */
export function all(names: readonly string[], t: TFunction): string {
  const last = names.at(-1) ?? "";
  if (names.length < 2) return last;
  return t("timeline.and", { one: names.slice(0, -1).join(t("lists.comma")), other: last });
}

export function find(
  schedulers: readonly Scheduler[],
  pid: number | null,
  queue: number,
  key: string,
): Task | undefined {
  const queues = schedulers.find((one) => one.pid === pid)?.state?.queues;
  return queues?.find((one) => one.queue_id === queue)?.tasks.find((task) => task.key === key);
}

/** Why it waits; "" where nobody says it. */
export function reasonOf(task: Task | undefined): string {
  if (task?.state.status !== "waiting") return "";
  return words.language === "zh" ? reasonInChinese(task.state) : task.state.reason;
}
