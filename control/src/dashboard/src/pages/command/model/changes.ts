/** In what tasks differ between what is saved and what is not. Pure. */
import type { FileOptions, FileQueue, FileTask } from "@/api/types";
import { labelOf } from "./sheet";

type Field = "commands" | "gpu_count" | "memory_gb" | "repeat" | keyof FileOptions;
export interface FieldChange {
  field: Field;
  from: unknown;
  to: unknown;
}
export interface TaskChange {
  /** broken: it stands in the text, in a block that can't be read. */
  kind: "new" | "removed" | "changed" | "moved" | "broken";
  /** Where it stands now; where it stood, if it is gone. */
  label: string;
  name: string | null;
  /** Of what is new: whether its queue is, too. */
  newQueue: boolean;
  /** Where it stood before it was moved. */
  was: string | null;
  memory: number | null;
  fields: FieldChange[];
}

type Pair<B extends FileLike, A extends FileLike> = readonly [B, A];
type FileLike = Omit<FileTask, "block">;
type Key = (task: FileLike) => string | null;

/** From the surest sign that two are one task to the weakest. */
const SIGNS: readonly Key[] = [
  (task) => JSON.stringify([task.queue_id, task.commands, task.options, task.memory_gb, task.repeat]),
  (task) => JSON.stringify([task.commands, task.options, task.memory_gb, task.repeat]),
  (task) => JSON.stringify([task.queue_id, task.commands, task.options.name]),
  (task) => JSON.stringify([task.commands, task.options.name]),
  (task) => (task.options.name ? JSON.stringify([task.queue_id, task.options.name]) : null),
  (task) => JSON.stringify([task.queue_id, task.commands]),
  (task) => (task.options.name ? JSON.stringify([task.options.name]) : null),
  (task) => JSON.stringify([task.queue_id, task.process_index, task.memory_gb]),
];

/** Which task is which: pairs in the order of `after`. */
export function paired<B extends FileLike, A extends FileLike>(
  before: readonly B[],
  after: readonly A[],
): Pair<B, A>[] {
  const left = new Set(before);
  const partner = new Map<A, B>();
  for (const sign of SIGNS) {
    const waiting = new Map<string, B[]>();
    for (const task of left) {
      const key = sign(task);
      if (key !== null) waiting.set(key, [...(waiting.get(key) ?? []), task]);
    }
    if (!waiting.size) continue;
    for (const task of after) {
      const key = partner.has(task) ? null : sign(task);
      const old = key === null ? undefined : waiting.get(key)?.shift();
      if (!old) continue;
      partner.set(task, old);
      left.delete(old);
    }
  }
  return after.flatMap((task) => {
    const old = partner.get(task);
    return old ? [[old, task] as const] : [];
  });
}

interface LikeQueue {
  queue_id: number;
  tasks: readonly FileLike[];
}

/** Of each task of `now`, which one it is of what is saved. */
export function savedAs<Q extends LikeQueue>(
  saved: readonly FileQueue[],
  now: readonly Q[],
): Map<Q["tasks"][number], FileTask> {
  const pairs = paired(
    saved.flatMap((queue) => queue.tasks),
    now.flatMap((queue): readonly Q["tasks"][number][] => queue.tasks),
  );
  return new Map(pairs.map(([old, task]) => [task, old] as const));
}

/** `partner`: as `savedAs` tells. */
export function taskChanges(
  saved: readonly FileQueue[],
  now: readonly LikeQueue[],
  partner: ReadonlyMap<FileLike, FileTask> = savedAs(saved, now),
): TaskChange[] {
  const before = saved.flatMap((queue) => queue.tasks);
  const after = now.flatMap((queue) => queue.tasks);
  const pairs = [...partner].map(([task, old]) => [old, task] as const);
  const stayed = stayedInOrder(pairs);
  const there = new Set(saved.map((queue) => queue.queue_id));
  const found: TaskChange[] = [];
  for (const task of after) {
    const old = partner.get(task);
    const base = { label: labelOf(task), name: task.options.name ?? null, memory: task.memory_gb };
    const newQueue = !there.has(task.queue_id);
    if (!old) {
      found.push({ ...base, kind: "new", was: null, newQueue, fields: [] });
      continue;
    }
    const fields = fieldChanges(old, task);
    const was = stayed.has(task) ? null : labelOf(old);
    if (fields.length || was)
      found.push({ ...base, kind: fields.length ? "changed" : "moved", was, newQueue, fields });
  }
  const kept = new Set<FileLike>(pairs.map(([old]) => old));
  for (const old of before)
    if (!kept.has(old))
      found.push({
        kind: "removed",
        label: labelOf(old),
        name: old.options.name ?? null,
        memory: old.memory_gb,
        was: null,
        newQueue: false,
        fields: [],
      });
  return found;
}

const PLAIN = ["commands", "gpu_count", "memory_gb", "repeat"] as const;

function fieldChanges(old: FileLike, task: FileLike): FieldChange[] {
  const found: FieldChange[] = [];
  for (const field of PLAIN)
    if (old[field] !== task[field]) found.push({ field, from: old[field], to: task[field] });
  for (const field of Object.keys(task.options) as (keyof FileOptions)[]) {
    const [from, to] = [old.options[field] ?? null, task.options[field] ?? null];
    if (JSON.stringify(from) !== JSON.stringify(to)) found.push({ field, from, to });
  }
  return found;
}

/** Of the pairs in one queue, the most that stand in the same order: the others were moved. */
function stayedInOrder(pairs: readonly Pair<FileLike, FileLike>[]): Set<FileLike> {
  const stayed = new Set<FileLike>();
  const queues = new Map<number, Pair<FileLike, FileLike>[]>();
  for (const pair of pairs) {
    const [{ queue_id }, task] = pair;
    if (queue_id !== task.queue_id) continue;
    const its = queues.get(queue_id);
    if (its) its.push(pair);
    else queues.set(queue_id, [pair]);
  }
  for (const its of queues.values())
    for (const at of longestRising(its.map(([old]) => old.process_index)))
      stayed.add((its[at] as Pair<FileLike, FileLike>)[1]);
  return stayed;
}

/** The places of a longest rising run of them. */
export function longestRising(numbers: readonly number[]): number[] {
  const ends: number[] = [];
  const before: number[] = [];
  numbers.forEach((number, place) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] as number] as number) < number) low = middle + 1;
      else high = middle;
    }
    before[place] = low ? (ends[low - 1] as number) : -1;
    ends[low] = place;
  });
  const run: number[] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] as number) run.push(at);
  return run.reverse();
}
