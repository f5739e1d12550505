/** How many tasks are in which state, of all schedulers that count: those that live, and those that died. */
import type { Scheduler, Status } from "@/api/types";

export function countsOfAll(schedulers: readonly Scheduler[]): Partial<Record<Status, number>> {
  const found: Partial<Record<Status, number>> = {};
  for (const one of schedulers) {
    if (!one.alive && one.ended !== "died") continue;
    for (const [state, count] of Object.entries(one.state?.counts ?? {}))
      found[state as Status] = (found[state as Status] ?? 0) + count;
  }
  return found;
}
