/** What of all schedulers is shown, and as which rows. Pure. */
import type { HistoryAttempt, Queue, Scheduler, SchedulerProblem, Status, Task } from "@/api/types";
import type { Opened } from "./opened";

/** As in the address: all is empty. */
export interface Filter {
  state: string;
  text: string;
  scheduler: string;
}

export const FILTERS = ["running", "waiting", "failed", "completed"] as const;

export type Row =
  | { kind: "scheduler"; id: string; one: Scheduler }
  | { kind: "problem"; id: string; one: Scheduler; problem: SchedulerProblem; last: boolean }
  | { kind: "heads"; id: string }
  | {
      kind: "queue";
      id: string;
      one: Scheduler;
      queue: Queue;
      task: Task | null;
      isOpen: boolean;
      last: boolean;
    }
  | { kind: "task"; id: string; one: Scheduler; queue: Queue; task: Task; last: boolean }
  | {
      kind: "attempt";
      id: string;
      one: Scheduler;
      queue: Queue;
      task: Task;
      attempt: HistoryAttempt;
      last: boolean;
    }
  | { kind: "more"; id: string; count: number; last: boolean }
  | { kind: "gap"; id: string };

/** Its one task that tells how it is: what runs, else the first that is not finished, else what failed, else the
 * last. */
export function headOf(queue: Queue): Task | null {
  const running = queue.tasks.find((task) => task.state.status === "running");
  const current = queue.tasks.find((task) => task.in_file && task.index === queue.current);
  const failed = queue.tasks.findLast((task) => task.state.status === "failed");
  return running ?? current ?? failed ?? queue.tasks.at(-1) ?? null;
}

/** `open`: by "scheduler:queue". */
export function rowsOf(
  schedulers: readonly Scheduler[],
  filter: Filter,
  open: ReadonlySet<string>,
  opened: Opened,
): Row[] {
  const rows: Row[] = [];
  for (const one of schedulers) {
    if (filter.scheduler && one.id !== filter.scheduler) continue;
    if (filter.state === "died" && one.ended !== "died") continue;
    const queues = (one.state?.queues ?? []).filter((queue) => isShown(queue, filter));
    if (!queues.length && (filter.text || (filter.state && filter.state !== "died"))) continue;
    if (rows.length) rows.push({ kind: "gap", id: `${one.id} gap` });
    rows.push({ kind: "scheduler", id: one.id, one });
    rows.push(...problemRows(one));
    if (queues.length) rows.push({ kind: "heads", id: `${one.id} heads` });
    for (const queue of queues) rows.push(...queueRows(one, queue, filter, open, opened));
    const more = one.state?.more_queues.queues ?? 0;
    if (more) rows.push({ kind: "more", id: `${one.id} more`, count: more, last: false });
    const last = rows.at(-1);
    if (last && "last" in last) last.last = true;
  }
  return rows;
}

function problemRows(one: Scheduler): Row[] {
  return (one.state?.problems ?? []).map((problem, at) => ({
    kind: "problem",
    id: `${one.id} problem ${String(at)}`,
    one,
    problem,
    last: false,
  }));
}

function queueRows(
  one: Scheduler,
  queue: Queue,
  filter: Filter,
  open: ReadonlySet<string>,
  opened: Opened,
): Row[] {
  const id = `${one.id}:${queue.queue_id}`;
  const isOpen = open.has(id);
  const task = shownTask(queue, filter);
  const rows: Row[] = [{ kind: "queue", id, one, queue, task, isOpen, last: false }];
  if (!isOpen) return rows;
  for (const each of opened.tasks(one, queue)) {
    const key = `${id} ${each.key}`;
    if (each.key !== task?.key) rows.push({ kind: "task", id: key, one, queue, task: each, last: false });
    for (const attempt of opened.failed(one, queue, each))
      rows.push({
        kind: "attempt",
        id: `${key} ${String(attempt.number)}`,
        one,
        queue,
        task: each,
        attempt,
        last: false,
      });
  }
  return rows;
}

/** Its head; where a state or a text is looked for, the first that is like that. */
function shownTask(queue: Queue, filter: Filter): Task | null {
  const head = headOf(queue);
  if (!filter.state && !filter.text) return head;
  if (head && isLike(head, queue, filter)) return head;
  return queue.tasks.find((task) => isLike(task, queue, filter)) ?? head;
}

function isShown(queue: Queue, filter: Filter): boolean {
  const wanted = filter.state as Status;
  if (filter.state && filter.state !== "died" && !queue.counts[wanted]) return false;
  return (
    !filter.text || queue.tasks.some((task) => hasText(task, queue, filter.text)) || named(queue, filter.text)
  );
}

function isLike(task: Task, queue: Queue, filter: Filter): boolean {
  const state = !filter.state || filter.state === "died" || task.state.status === filter.state;
  return state && (!filter.text || named(queue, filter.text) || hasText(task, queue, filter.text));
}

function named(queue: Queue, text: string): boolean {
  return `${queue.queue_id} ${queue.queue_name ?? ""}`.toLowerCase().includes(text.toLowerCase());
}

function hasText(task: Task, queue: Queue, text: string): boolean {
  const said = `${queue.queue_id}/${task.index} ${task.name ?? ""} ${task.commands}`;
  return said.toLowerCase().includes(text.toLowerCase());
}

/** 44 with two lines, 30 for what is opened. */
export function heightOf(row: Row): number {
  return { scheduler: 40, problem: 48, heads: 30, queue: 44, task: 30, attempt: 30, more: 30, gap: 12 }[
    row.kind
  ];
}
