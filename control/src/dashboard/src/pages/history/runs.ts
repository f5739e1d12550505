/** The order of runs. Pure. */
import type { HistoryRun } from "@/api/types";
import { sorted, sortOf } from "@/parts/sorting";

const SORTS = ["began", "ran", "attempts", "tasks"] as const;
type By = (typeof SORTS)[number];
/** As the console lists them. */
export const NEWEST = "-began";

const VALUE: Record<By, (one: HistoryRun) => number> = {
  began: ({ run }) => run.started_at,
  ran: ranOf,
  attempts: ({ run }) => run.attempts,
  tasks: ({ run }) => Object.values(run.counts).reduce((sum, count) => sum + count, 0),
};

/** Seconds; of one that goes on, until the last that is known of it. */
export function ranOf({ run }: HistoryRun): number {
  return (run.finished_at ?? run.last_at) - run.started_at;
}

export function inOrder(runs: readonly HistoryRun[], said: string): readonly HistoryRun[] {
  const sort = sortOf(said, SORTS);
  return sort ? sorted(runs, sort.most, VALUE[sort.by]) : runs;
}
