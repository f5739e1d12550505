/** Sums of what the first page tells of all pages. Pure. */
import type { History } from "@/api/types";

export function totals(first: History): { attempts: number; failed: number } {
  const queues = first.figures?.queues ?? [];
  return {
    attempts: queues.reduce((sum, one) => sum + one.attempts, 0),
    failed: queues.reduce((sum, one) => sum + one.failed, 0),
  };
}
