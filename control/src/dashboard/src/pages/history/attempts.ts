/** Attempts as rows, which of them are shown, and what the small charts draw of them. Pure. */
import type { HistoryAttempt, HistoryTask, MemoryFigures, QueueFigures } from "@/api/types";
import { fileName, isSubmitted } from "@/parts/schedulers";

export interface Row {
  id: string;
  task: HistoryTask;
  attempt: HistoryAttempt;
  /** The waits of all attempts of its task are told with it, and with no other. */
  tellsWait: boolean;
}

export function rowsOf(tasks: readonly HistoryTask[]): Row[] {
  return tasks
    .flatMap((task) =>
      task.attempts
        .map((attempt, at) => ({
          id: `${task.id}-${attempt.number}`,
          task,
          attempt,
          tellsWait: at === task.attempts.length - 1,
        }))
        .filter(({ attempt }) => attempt.how !== "running"),
    )
    .sort((one, other) => endOf(other.attempt) - endOf(one.attempt));
}

/** Of attempts that come in their order, each with its task. */
export function rowsInOrder(tasks: readonly HistoryTask[]): Row[] {
  const told = new Set<number>();
  return tasks.flatMap((task) =>
    task.attempts
      .filter(({ how }) => how !== "running")
      .map((attempt) => {
        const tellsWait = !told.has(task.id);
        told.add(task.id);
        return { id: `${task.id}-${attempt.number}`, task, attempt, tellsWait };
      }),
  );
}

export function endOf(attempt: HistoryAttempt): number {
  return attempt.ended_at ?? attempt.recorded_at;
}

/** Seconds "low-high"; "low-" is open. */
export function rangeOf(said: string): [number, number] {
  if (!said) return [-Infinity, Infinity];
  const [low, high] = said.split("-");
  return [Number(low), high ? Number(high) : Infinity];
}

/** "single 0" of command_gpu.txt, "multi 1" of command_gpus_1.txt; null: of no configuration. */
export function configurationOf(file: string): { mode: "single" | "multi"; index: number } | null {
  const found = /^command_gpu(s?)(?:_(\d+))?\.txt$/.exec(fileName(file));
  return found && { mode: found[1] ? "multi" : "single", index: Number(found[2] ?? 0) };
}

interface QueueKey {
  file: string;
  /** null: all that was submitted. */
  queue: number | null;
}

/** As a value in the address: "3@/home/.../command_gpu.txt". */
export function keyOf(file: string, queue: number): string {
  return `${isSubmitted(file) ? "" : queue}@${file}`;
}

export function readKey(key: string): QueueKey | null {
  const at = key.indexOf("@");
  if (at < 0) return null;
  const queue = key.slice(0, at);
  return { file: key.slice(at + 1), queue: queue === "" ? null : Number(queue) };
}

export interface Lane {
  key: string;
  file: string;
  /** null: all that was submitted. */
  queue: number | null;
  name: string | null;
  seconds: number[];
  median: number;
}

const MOST_LANES = 7;
const MOST_DOTS = 40;

/** How long the attempts of each queue ran; those of which most is known first. */
export function lanesOf(rows: readonly Row[], figures: readonly QueueFigures[]): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const { task, attempt } of rows) {
    if (attempt.seconds === null) continue;
    const key = keyOf(task.command_file, task.queue_id);
    const queue = isSubmitted(task.command_file) ? null : task.queue_id;
    const lane = lanes.get(key) ?? {
      key,
      file: task.command_file,
      queue,
      name: null,
      seconds: [],
      median: 0,
    };
    lane.seconds.push(attempt.seconds);
    lanes.set(key, lane);
  }
  const known = new Map(figures.map((one) => [keyOf(one.command_file, one.queue_id), one]));
  return [...lanes.values()]
    .sort((one, other) => other.seconds.length - one.seconds.length)
    .slice(0, MOST_LANES)
    .map((lane) => {
      const figure = lane.queue === null ? undefined : known.get(lane.key);
      return {
        ...lane,
        name: figure?.queue_name ?? null,
        median: figure?.ran_median ?? medianOf(lane.seconds),
        seconds: lane.seconds.slice(0, MOST_DOTS),
      };
    });
}

export function medianOf(values: readonly number[]): number {
  const ordered = [...values].sort((one, other) => one - other);
  const half = Math.floor(ordered.length / 2);
  const upper = ordered[half] ?? 0;
  return ordered.length % 2 ? upper : ((ordered[half - 1] ?? upper) + upper) / 2;
}

export interface MemoryLane {
  key: string;
  file: string;
  queue: number | null;
  name: string | null;
  peak: number;
  /** null: whole cards. */
  declared: number | null;
  /** GB that it asks for and does not need; 0: none worth a word. */
  tooMuch: number;
  ranOut: number;
}

/** Of each queue the task that declared most; `rows`: in which attempts may have run out of memory. */
export function memoryLanes(
  memory: readonly MemoryFigures[],
  queues: readonly QueueFigures[],
  rows: readonly Row[],
): MemoryLane[] {
  const names = new Map(queues.map((one) => [keyOf(one.command_file, one.queue_id), one.queue_name]));
  const lanes = new Map<string, MemoryLane>();
  for (const one of memory) {
    const key = keyOf(one.command_file, one.queue_id);
    const before = lanes.get(key);
    if (before && (before.declared ?? Infinity) >= (one.declared_gb ?? Infinity)) continue;
    lanes.set(key, {
      key,
      file: one.command_file,
      queue: isSubmitted(one.command_file) ? null : one.queue_id,
      name: names.get(key) ?? null,
      peak: one.peak_gb,
      declared: one.declared_gb,
      tooMuch: tooMuch(one),
      ranOut: rows.filter((row) => ranOut(row) && keyOf(row.task.command_file, row.task.queue_id) === key)
        .length,
    });
  }
  return [...lanes.values()]
    .sort((one, other) => (other.declared ?? other.peak) - (one.declared ?? one.peak))
    .slice(0, MOST_LANES);
}

function ranOut({ attempt }: Row): boolean {
  return attempt.cause?.kind === "out_of_memory";
}

const WORTH_GB = 1;
const WORTH_SHARE = 0.1;

/** GB that a task declares above what is suggested for it; 0 where that is little, or it needs more. */
export function tooMuch(one: MemoryFigures): number {
  if (one.declared_gb === null || one.suggested_gb === null) return 0;
  const more = one.declared_gb - one.suggested_gb;
  return more >= WORTH_GB && more >= WORTH_SHARE * one.declared_gb ? more : 0;
}

/** Whether it declares less than it was seen to need. */
export function tooLittle(one: MemoryFigures): boolean {
  return one.declared_gb !== null && one.needed_gb > one.declared_gb;
}
