/** What an event changes in what is known of a scheduler. Pure: what has not changed stays the same object, so
 * that only the rows of what has changed are drawn again. */
import type { Queue, Scheduler, SchedulerState, Task } from "./types";

/** `scheduler` of GET /api/events. */
export interface SchedulerEvent {
  id: string;
  from: string | null;
  set: Partial<Scheduler>;
  state?: Partial<SchedulerState> | null;
  queues?: { queue_id: number; set: Partial<Queue>; tasks: Task[]; order: string[] | null }[];
  order?: number[] | null;
}

/** Raised where an event is not about what is known: it has to be loaded again. */
export class Missed extends Error {}

export function applied(known: Scheduler | undefined, event: SchedulerEvent): Scheduler {
  if (event.from !== null && known?.version !== event.from) throw new Missed(event.id);
  const before = known ?? ({ id: event.id, state: null } as Scheduler);
  const after = { ...before, ...event.set };
  if (event.state === undefined) return after;
  if (event.state === null) return { ...after, state: null };
  const was = before.state ?? ({ queues: [] } as unknown as SchedulerState);
  const changed = (event.queues ?? []).map((told) => {
    const queue = was.queues.find((one) => one.queue_id === told.queue_id);
    const tasks = merged(queue?.tasks ?? [], told.tasks, told.order, (task) => task.key);
    return { ...(queue ?? ({} as Queue)), ...told.set, queue_id: told.queue_id, tasks };
  });
  const queues = merged(was.queues, changed, event.order ?? null, (queue) => queue.queue_id);
  return { ...after, state: { ...was, ...event.state, queues } };
}

/** `order`: the ids of all, where it is another one now; what is not in it is gone. */
function merged<T, Id>(before: T[], changed: T[], order: Id[] | null, id: (one: T) => Id): T[] {
  if (!changed.length && order === null) return before;
  const all = new Map(before.map((one) => [id(one), one]));
  for (const one of changed) all.set(id(one), one);
  if (order === null) return [...all.values()];
  return order.flatMap((each) => all.get(each) ?? []);
}
