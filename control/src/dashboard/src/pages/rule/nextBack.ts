/** Which GPU is given back next, by the estimates of what runs. */
import type { Card, Scheduler } from "@/api/types";

export interface Back {
  at: number;
  gpu: string;
  /** The one that ends last on it. */
  task: string;
}

/** `me`: whose leases besides the tasks' keep a GPU as well. */
export function nextBack(schedulers: readonly Scheduler[], cards: readonly Card[], me: string): Back | null {
  const ends = endsOf(schedulers);
  const found = cards
    .filter((card) => card.in_range && !card.other_leases.some((lease) => lease.user === me))
    .map((card) => backOf(card, ends));
  return found.reduce((first, each) => (first && (!each || first.at <= each.at) ? first : each), null);
}

/** With the last of the tasks that share it; null: nobody knows when that ends, or there is none. */
function backOf(card: Card, ends: ReadonlyMap<string, number>): Back | null {
  let last: Back | null = null;
  for (const { scheduler, key, task } of card.tasks) {
    const at = ends.get(`${scheduler} ${key}`);
    if (at === undefined) return null;
    if (!last || at > last.at) last = { at, gpu: card.index, task };
  }
  return last;
}

function endsOf(schedulers: readonly Scheduler[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const one of schedulers)
    for (const queue of one.state?.queues ?? [])
      for (const { key, state, estimate } of queue.tasks)
        if (state.status === "running" && estimate?.end != null) ends.set(`${one.pid} ${key}`, estimate.end);
  return ends;
}
