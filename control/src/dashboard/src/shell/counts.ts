/** How many tasks are in which state. */
import type { Scheduler, Status } from "@/api/types";

export function countsOf(schedulers: readonly Scheduler[]): Partial<Record<Status, number>> {
  const found: Partial<Record<Status, number>> = {};
  for (const one of schedulers)
    for (const [state, count] of Object.entries(one.state?.counts ?? {}))
      found[state as Status] = (found[state as Status] ?? 0) + count;
  return found;
}

/** Of all that count: those that live, and those that died. */
export function countsOfAll(schedulers: readonly Scheduler[]): Partial<Record<Status, number>> {
  return countsOf(schedulers.filter((one) => one.alive || one.ended === "died"));
}
