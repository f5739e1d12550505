/** What a change of the settings would do to a task that waits, as the console has worked it out. Pure. */
import type { Scheduler, Task, WaitingTask } from "@/api/types";

export type Kind =
  | "startsSame"
  | "startsSameCpu"
  | "waitsSame"
  | "waitsOther"
  | "starts"
  | "startsCpu"
  | "elsewhere"
  | "waits";

export function kindOf({ before, after, changed }: WaitingTask): Kind {
  const starts = after.state === "starts_now";
  const onCards = after.gpus.length > 0;
  if (!starts)
    return before.state === "starts_now"
      ? "waits"
      : before.reason === after.reason
        ? "waitsSame"
        : "waitsOther";
  if (!changed) return onCards ? "startsSame" : "startsSameCpu";
  if (before.state === "starts_now") return "elsewhere";
  return onCards ? "starts" : "startsCpu";
}

/** Whose outcome is another one, or comes for another reason. */
export function isOther(task: WaitingTask): boolean {
  return task.changed || kindOf(task) === "waitsOther";
}

/** When it starts, where that is known and nothing else stands in its way than today. */
export function estimateOf(task: WaitingTask, schedulers: readonly Scheduler[]): number | null {
  if (task.changed || task.after.state !== "waits" || task.before.reason !== task.after.reason) return null;
  return taskOf(task, schedulers)?.estimate?.start ?? null;
}

function taskOf({ scheduler, key }: WaitingTask, schedulers: readonly Scheduler[]): Task | undefined {
  const one = schedulers.find((each) => each.alive && each.pid === scheduler);
  return one?.state?.queues.flatMap((queue) => queue.tasks).find((each) => each.key === key);
}
