/** What differs between two texts, line by line. */
import { compared } from "./lineChanges";

export type DiffLine =
  | { kind: "same"; before: number; after: number; text: string }
  | { kind: "gone"; before: number; text: string }
  | { kind: "new"; after: number; text: string }
  | { kind: "skipped"; count: number };

/** `around`: so many lines that are the same are kept at each difference. */
export function diffLines(before: string, after: string, around = 3): DiffLine[] {
  return shortened(allLines(linesOf(before), linesOf(after)), around);
}

/** An end of line at the end of the text begins no other. */
function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function allLines(before: string[], after: string[]): DiffLine[] {
  return Array.from(compared(before, after), ([one, other]): DiffLine => {
    if (other === null) return { kind: "gone", before: one + 1, text: before[one] ?? "" };
    if (one === null) return { kind: "new", after: other + 1, text: after[other] ?? "" };
    return { kind: "same", before: one + 1, after: other + 1, text: after[other] ?? "" };
  });
}

function shortened(lines: DiffLine[], around: number): DiffLine[] {
  const near = lines.map(() => false);
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    for (let each = index - around; each <= index + around; each += 1) if (each in near) near[each] = true;
  });
  const found: DiffLine[] = [];
  lines.forEach((line, index) => {
    const last = found.at(-1);
    if (near[index]) found.push(line);
    else if (last?.kind === "skipped") last.count += 1;
    else found.push({ kind: "skipped", count: 1 });
  });
  return found;
}

/** How many lines are new, and how many are gone. */
export function countsOf(lines: readonly DiffLine[]): { added: number; gone: number } {
  return {
    added: lines.filter((line) => line.kind === "new").length,
    gone: lines.filter((line) => line.kind === "gone").length,
  };
}
