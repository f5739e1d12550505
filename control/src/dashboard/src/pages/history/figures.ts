/** How many attempts are listed, also of pages that are not here yet. Pure. */
import type { History } from "@/api/types";
import { endedAs } from "@/parts/ended";
import { rowsOf } from "./attempts";

/** The figures of the first page are of all pages. */
export function totals(pages: readonly History[]): { attempts: number; failed: number } {
  const tasks = pages.flatMap((page) => page.tasks);
  if (!pages.at(-1)?.next) {
    const rows = rowsOf(tasks);
    return {
      attempts: rows.length,
      failed: rows.filter(({ attempt }) => endedAs(attempt.how) === "failed").length,
    };
  }
  const queues = pages[0]?.figures?.queues ?? [];
  return {
    attempts: queues.reduce((sum, one) => sum + one.attempts, 0),
    failed: queues.reduce((sum, one) => sum + one.failed, 0),
  };
}
