/** A lane per card and per queue, with what lies in them. */
import type { Card, Mode, OtherLease, Scheduler, Timeline, TimelineBar, TimelineTask } from "@/api/types";
import { endedAs } from "@/parts/ended";
import type { Attempt, Idle, Item } from "./items";
import { byRow, Cover, packed, type Range, type Slot } from "./pack";

/** Seconds since when others' use was last seen, until it counts as over. */
const STILL = 45;

export interface GpuHead {
  kind: "gpu";
  uuid: string;
  index: string;
  name: string | null;
  totalGb: number | null;
  isSimulated: boolean;
}

export interface QueueHead {
  kind: "queue";
  file: string;
  mode: Mode;
  configuration: number | null;
  id: number;
  name: string | null;
}

export interface Lane {
  key: string;
  head: GpuHead | QueueHead;
  /** By row, each in its order of time. */
  rows: Slot<Item>[][];
}

export interface Lanes {
  gpus: Lane[];
  queues: Lane[];
}

/** What schedulers say of their command files: history need not know all of it yet. */
export type Files = ReadonlyMap<string, FileFacts>;
interface FileFacts {
  mode: Mode;
  configuration: number | null;
  names: ReadonlyMap<number, string>;
  /** When tasks in backoff are tried again, by their keys. */
  retries: ReadonlyMap<string, number>;
}

export function filesOf(schedulers: readonly Scheduler[]): Files {
  const files = new Map<string, FileFacts>();
  for (const { state, configuration } of schedulers) {
    if (!state) continue;
    const tasks = state.queues.flatMap((queue) => queue.tasks);
    files.set(state.command_file, {
      mode: state.mode,
      configuration: configuration ?? null,
      names: new Map(state.queues.map((queue) => [queue.queue_id, queue.queue_name ?? ""])),
      retries: new Map(
        tasks.flatMap((task) => (task.state.status === "backoff" ? [[task.key, task.state.until]] : [])),
      ),
    });
  }
  return files;
}

export function lanesOf(timeline: Timeline, files: Files, cards: readonly GpuHead[]): Lanes {
  const tasks = new Map(timeline.tasks.map((task) => [task.id, task]));
  const until = new Map(timeline.estimates.map((each) => [each.id, each]));
  const gpus = new Map(cardsOf(timeline, cards).map((head) => [head.uuid, { head, items: [] as Item[] }]));
  const queues = queuesOf(timeline, files);
  for (const bar of timeline.bars) {
    const task = tasks.get(bar.task);
    if (!task) continue;
    const item = attemptOf(bar, task, until.get(bar.task)?.end ?? 0, timeline.now);
    for (const uuid of bar.gpu_uuids) gpus.get(uuid)?.items.push(item);
    queues.get(queueKey(task.command_file, task.queue_id))?.items.push(item);
  }
  for (const others of timeline.others) {
    const isOpen = others.end > timeline.now - STILL;
    const end = isOpen ? Infinity : others.end;
    gpus.get(others.uuid)?.items.push({ kind: "people", start: others.start, end, others, isOpen });
  }
  for (const estimate of timeline.estimates) {
    const { start, end, status } = estimate;
    if (status === "running" || start === null || end <= timeline.now) continue;
    const lane = queues.get(queueKey(estimate.command_file, estimate.queue_id));
    lane?.items.push({ kind: "estimate", start: Math.max(start, timeline.now), end, estimate });
  }
  const idle = new Map<string, Idle[]>();
  for (const item of idleOf(timeline, tasks, files)) {
    const key = queueKey(item.task.command_file, item.task.queue_id);
    const others = idle.get(key);
    if (others) others.push(item);
    else idle.set(key, [item]);
  }
  return {
    gpus: [...gpus].map(([uuid, { head, items }]) => ({ key: uuid, head, rows: byRow(packed(items)) })),
    queues: [...queues].map(([key, { head, items }]) => ({
      key,
      head,
      rows: withIdle(byRow(packed(items)), idle.get(key) ?? []),
    })),
  };
}

const queueKey = (file: string, id: number) => `${file} ${id}`;

function attemptOf(bar: TimelineBar, task: TimelineTask, guess: number, now: number): Attempt {
  const look = endedAs(bar.how);
  const isOpen = look === "running";
  // What nobody knows the end of is seen at its begin alone.
  const end = bar.end ?? (isOpen ? (guess > now ? guess : Infinity) : bar.start);
  return { kind: "attempt", look, isOpen, start: bar.start, end, bar, task };
}

function* idleOf(timeline: Timeline, tasks: ReadonlyMap<number, TimelineTask>, files: Files): Iterable<Idle> {
  const starts = new Map(timeline.estimates.map((each) => [each.id, each.start]));
  for (const { task: id, start, end, state: look } of timeline.spans) {
    const task = tasks.get(id);
    if (!task) continue;
    const retry = look === "backoff" ? files.get(task.command_file)?.retries.get(task.key) : undefined;
    const begins = look === "backoff" ? (retry ?? 0) : (starts.get(id) ?? Infinity);
    const guess = Math.max(timeline.now, begins);
    yield { kind: "idle", look, isOpen: end === null, start, since: start, end: end ?? guess, task };
  }
}

/** What waits is seen where nothing of its queue runs or will, one at a time: what waits before what is held,
 * and then in the queue's order. */
function withIdle(rows: Slot<Item>[][], idle: readonly Idle[]): Slot<Item>[][] {
  if (!idle.length) return rows;
  const cover = new Cover();
  for (const slot of rows.flat()) cover.take(slot);
  const rank = (item: Idle) => (item.look === "held" ? 1e9 : 0) + Number(item.task.task.split("/")[1] ?? 0);
  const slots = idle
    .toSorted((a, b) => rank(a) - rank(b) || a.start - b.start)
    .flatMap((item) => cover.take(item).map((part) => slotOf(item, part)));
  const first = [...(rows[0] ?? []), ...slots].sort((a, b) => a.start - b.start);
  return [first, ...rows.slice(1)];
}

/** Of what is still so, only the last part is. */
function slotOf(item: Idle, part: Range): Slot<Item> {
  const isOpen = item.isOpen && part.end === item.end;
  return { ...part, item: { ...item, ...part, isOpen }, row: 0, rows: 1 };
}

function cardsOf(timeline: Timeline, cards: readonly GpuHead[]): GpuHead[] {
  const heads = new Map(cards.map((card) => [card.uuid, card]));
  for (const { uuid, index, name, total_gb, simulated } of timeline.gpus)
    if (name !== null || !heads.has(uuid))
      heads.set(uuid, { kind: "gpu", uuid, index, name, totalGb: total_gb, isSimulated: simulated });
  return [...heads.values()].sort(
    (a, b) =>
      Number(a.isSimulated) - Number(b.isSimulated) ||
      a.index.localeCompare(b.index, "en", { numeric: true }),
  );
}

export function headOfCard(card: Card): GpuHead {
  const { uuid, index, name, total_gb, simulated } = card;
  return { kind: "gpu", uuid, index, name, totalGb: total_gb, isSimulated: simulated };
}

/** In the order of modes, configurations and ids, as the navigation has them. */
function queuesOf(timeline: Timeline, files: Files): Map<string, { head: QueueHead; items: Item[] }> {
  const heads = new Map<string, QueueHead>();
  for (const { command_file: file, mode, configuration, queue_id: id, queue_name } of timeline.queues)
    heads.set(queueKey(file, id), { kind: "queue", file, mode, configuration, id, name: queue_name });
  for (const { command_file: file, queue_id: id } of timeline.estimates) {
    const known = files.get(file);
    if (!known || heads.has(queueKey(file, id))) continue;
    const { mode, configuration, names } = known;
    heads.set(queueKey(file, id), {
      kind: "queue",
      file,
      mode,
      configuration,
      id,
      name: names.get(id) ?? null,
    });
  }
  const rank = (head: QueueHead) =>
    `${head.mode === "single" ? 0 : 1} ${String(head.configuration ?? 99_999).padStart(5, "0")} ${head.file}`;
  const sorted = [...heads].sort(([, a], [, b]) =>
    rank(a) === rank(b) ? a.id - b.id : rank(a) < rank(b) ? -1 : 1,
  );
  return new Map(sorted.map(([key, head]) => [key, { head, items: [] }]));
}

export interface Leased {
  uuid: string;
  leases: readonly OtherLease[];
}

/** Leases of others reach from a little before now to now: since when they are held is not known. */
export function withLeases(
  gpus: readonly Lane[],
  leased: readonly Leased[],
  now: number,
  length: number,
): Lane[] {
  const byCard = new Map(leased.map(({ uuid, leases }) => [uuid, leases]));
  return gpus.map((lane) => {
    const leases = byCard.get(lane.key);
    if (!leases?.length) return lane;
    const items: Item[] = leases.map((lease) => ({
      kind: "lease",
      lease,
      uuid: lane.key,
      start: now - length,
      end: Infinity,
    }));
    const before = lane.rows.flat().map((slot) => ({ ...slot.item, start: slot.start, end: slot.end }));
    return { ...lane, rows: byRow(packed([...before, ...items])) };
  });
}
