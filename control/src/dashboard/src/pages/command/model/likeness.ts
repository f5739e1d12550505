/** Ids for the tasks of a text that was edited by hand: those of the tasks they most likely were before. Pure. */
import type { FileQueue } from "@/api/types";
import { paired } from "./changes";
import { freshId, withIds, type ItemQueue } from "./sheet";

export function byLikeness(before: readonly ItemQueue[]): (answer: readonly FileQueue[]) => ItemQueue[] {
  return (answer) => {
    const pairs = paired(
      before.flatMap((queue) => queue.tasks),
      answer.flatMap((queue) => queue.tasks),
    );
    const ids = new Map(pairs.map(([old, task]) => [task, old.id] as const));
    return withIds(answer, (task) => ids.get(task) ?? freshId());
  };
}
