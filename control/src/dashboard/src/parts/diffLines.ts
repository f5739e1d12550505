/** What differs between two texts, line by line. */

export type DiffLine =
  | { kind: "same"; before: number; after: number; text: string }
  | { kind: "gone"; before: number; text: string }
  | { kind: "new"; after: number; text: string }
  | { kind: "skipped"; count: number };

/** Of lines that are compared pair by pair; of more than these in the middle all are gone and new. */
const MOST_PAIRS = 4_000_000;

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
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const found: DiffLine[] = [];
  const same = (one: number, other: number) =>
    found.push({ kind: "same", before: one + 1, after: other + 1, text: before[one] ?? "" });
  for (let line = 0; line < head; line += 1) same(line, line);
  const middle = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)] as const;
  found.push(...between(...middle, head));
  for (let line = tail; line > 0; line -= 1) same(before.length - line, after.length - line);
  return found;
}

function between(before: string[], after: string[], offset: number): DiffLine[] {
  const pairs = (before.length + 1) * (after.length + 1);
  const common = pairs > MOST_PAIRS ? null : commonLengths(before, after);
  const found: DiffLine[] = [];
  let [one, other] = [0, 0];
  while (one < before.length || other < after.length) {
    const text = before[one];
    if (common && one < before.length && other < after.length && text === after[other]) {
      found.push({
        kind: "same",
        before: offset + one + 1,
        after: offset + other + 1,
        text: text ?? "",
      });
      one += 1;
      other += 1;
    } else if (one < before.length && (other >= after.length || !common || goneFirst(common, one, other))) {
      found.push({ kind: "gone", before: offset + one + 1, text: text ?? "" });
      one += 1;
    } else {
      found.push({ kind: "new", after: offset + other + 1, text: after[other] ?? "" });
      other += 1;
    }
  }
  return found;
}

function goneFirst(common: Uint32Array[], one: number, other: number): boolean {
  return (common[one + 1]?.[other] ?? 0) >= (common[one]?.[other + 1] ?? 0);
}

/** How many lines the rests of both have in common, from each pair of lines on. */
function commonLengths(before: string[], after: string[]): Uint32Array[] {
  const table = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let one = before.length - 1; one >= 0; one -= 1) {
    const [row, below] = [table[one], table[one + 1]];
    if (!row || !below) continue;
    for (let other = after.length - 1; other >= 0; other -= 1)
      row[other] =
        before[one] === after[other]
          ? (below[other + 1] ?? 0) + 1
          : Math.max(below[other] ?? 0, row[other + 1] ?? 0);
  }
  return table;
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
