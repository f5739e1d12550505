/** Two texts line by line: what is left out, what is added, and what stays near it. Pure. */
import { compared } from "@/parts/lineChanges";

export interface Row {
  kind: "same" | "old" | "new";
  /** Numbers from 1 in the old and the new text. */
  old: number | null;
  new: number | null;
  text: string;
}
export interface Gap {
  kind: "gap";
  lines: number;
}

const AROUND = 3;
/** Fewer unchanged lines than that are shown. */
const LEAST_GAP = 3;

export function split(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

export function rowsOf(before: string, after: string): Row[] {
  const [old, now] = [split(before), split(after)];
  return Array.from(compared(old, now), ([a, b]): Row => {
    if (b === null) return { kind: "old", old: a + 1, new: null, text: old[a] ?? "" };
    if (a === null) return { kind: "new", old: null, new: b + 1, text: now[b] ?? "" };
    return { kind: "same", old: a + 1, new: b + 1, text: old[a] ?? "" };
  });
}

export function counts(rows: readonly Row[]): { added: number; left: number } {
  return {
    added: rows.filter((row) => row.kind === "new").length,
    left: rows.filter((row) => row.kind === "old").length,
  };
}

/** Without what is far from any change. */
export function folded(rows: readonly Row[]): (Row | Gap)[] {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    if (row.kind !== "same") near.fill(1, Math.max(0, at - AROUND), at + AROUND + 1);
  });
  const found: (Row | Gap)[] = [];
  for (let at = 0; at < rows.length;) {
    let end = at;
    while (end < rows.length && !near[end]) end += 1;
    if (end - at >= LEAST_GAP) found.push({ kind: "gap", lines: end - at });
    else found.push(...rows.slice(at, end));
    for (at = end; at < rows.length && near[at]; at += 1) found.push(rows[at] as Row);
  }
  return found;
}
