/** What somebody would want to be told of, between two moments. */
import type { Scheduler } from "@/api/types";

/** Of each scheduler: whether it died, the keys of tasks that have failed, and which queues have work left. */
export type Seen = Map<string, { died: boolean; failed: Set<string>; working: Set<number> }>;

interface Happened {
  kind: "died" | "failed" | "ended";
  one: Scheduler;
  /** The task or the queue. */
  what: string;
}

export function seenOf(schedulers: readonly Scheduler[]): Seen {
  return new Map(
    schedulers.map((one) => [
      one.id,
      { died: one.ended === "died", failed: new Set(failedOf(one).keys()), working: workingOf(one) },
    ]),
  );
}

/** Of schedulers that were known before: what is new to the page has not just happened. */
export function happened(before: Seen, schedulers: readonly Scheduler[]): Happened[] {
  return schedulers.flatMap((one) => {
    const seen = before.get(one.id);
    if (!seen) return [];
    const failed = [...failedOf(one)].filter(([key]) => !seen.failed.has(key));
    const working = workingOf(one);
    const ended = (one.state?.queues ?? []).filter(
      ({ queue_id }) => seen.working.has(queue_id) && !working.has(queue_id),
    );
    return [
      ...(one.ended === "died" && !seen.died ? [{ kind: "died" as const, one, what: "" }] : []),
      ...failed.map(([, what]) => ({ kind: "failed" as const, one, what })),
      ...ended.map(({ queue_id, queue_name }) => ({
        kind: "ended" as const,
        one,
        what: queue_name ? `${queue_id} ${queue_name}` : String(queue_id),
      })),
    ];
  });
}

/** What each is called, by its key: what it is called changes with the blocks above it. */
function failedOf(one: Scheduler): Map<string, string> {
  return new Map(
    (one.state?.queues ?? []).flatMap((queue) =>
      queue.tasks
        .filter((task) => task.state.status === "failed")
        .map((task) => [task.key, `${queue.queue_id}/${task.index}${task.name ? ` ${task.name}` : ""}`]),
    ),
  );
}

const DONE = new Set(["completed", "failed", "cancelled", "skipped"]);

function workingOf(one: Scheduler): Set<number> {
  const queues = one.state?.queues ?? [];
  return new Set(
    queues
      .filter(({ counts }) => Object.entries(counts).some(([state, count]) => count > 0 && !DONE.has(state)))
      .map(({ queue_id }) => queue_id),
  );
}
