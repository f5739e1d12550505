/** Tasks that no block says any more, while some block can't be read: most likely they are there, with a fault. Pure. */
import type { Broken, CommandFile } from "@/api/types";
import type { TaskChange } from "./changes";
import { labelOf } from "./sheet";

/** That a block and a task have in common, of the task's lines. */
const ENOUGH = 0.5;

export function withDamaged(
  changes: readonly TaskChange[],
  saved: Pick<CommandFile, "text" | "structure">,
  text: string,
  broken: readonly Broken[],
): readonly TaskChange[] {
  if (!broken.length || !changes.some(({ kind }) => kind === "removed")) return changes;
  const tasks = new Map(
    (saved.structure ?? []).flatMap((queue) => queue.tasks.map((task) => [labelOf(task), task] as const)),
  );
  const [before, after] = [saved.text.split("\n"), text.split("\n")];
  const blocks = broken.map(({ first_line, last_line }) => ({
    line: first_line,
    lines: new Set(after.slice(first_line - 1, last_line)),
  }));
  return changes.map((change) => {
    const task = change.kind === "removed" ? tasks.get(change.label) : undefined;
    if (!task) return change;
    const lines = before.slice(task.first_line - 1, task.last_line);
    const likely = blocks
      .map((block) => ({ block, share: lines.filter((line) => block.lines.has(line)).length / lines.length }))
      .filter(({ share }) => share >= ENOUGH)
      // Copies look alike: then the one that stands where the task stood.
      .sort((a, b) => b.share - a.share || distance(a.block.line, task) - distance(b.block.line, task))[0];
    if (!likely) return change;
    blocks.splice(blocks.indexOf(likely.block), 1);
    return { ...change, kind: "broken" };
  });
}

function distance(line: number, { first_line }: { first_line: number }): number {
  return Math.abs(line - first_line);
}
