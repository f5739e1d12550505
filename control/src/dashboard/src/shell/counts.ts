/** How many tasks are in which state. */
import type { Scheduler, Status } from "@/api/types";

export function countsOf(schedulers: readonly Scheduler[]): Partial<Record<Status, number>> {
  const found: Partial<Record<Status, number>> = {};
  for (const one of schedulers)
    for (const [state, count] of Object.entries(countsOfOne(one)))
      found[state as Status] = (found[state as Status] ?? 0) + count;
  return found;
}

/** What ran of one that is gone and runs no more is not counted: how it ended is told once it is gone on with. */
export function countsOfOne({ state, left }: Scheduler): Partial<Record<Status, number>> {
  const counts = state?.counts ?? {};
  return left ? { ...counts, running: left.running.length } : counts;
}

/** Of all that count: those that live, and those that died. */
export function countsOfAll(schedulers: readonly Scheduler[]): Partial<Record<Status, number>> {
  return countsOf(schedulers.filter((one) => one.alive || one.ended === "died"));
}
