/** Two texts line by line: what is left out, what is added, and what stays near it. Pure. */
import { diff } from "@codemirror/merge";

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
/** Surrogates are no characters of their own. */
const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;
const MOST_DIFFERENT = 0x10000 - SURROGATES;

export function split(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

export function rowsOf(before: string, after: string): Row[] {
  const [old, now] = [split(before), split(after)];
  const rows: Row[] = [];
  let [a, b] = [0, 0];
  const same = (until: number) => {
    for (; a < until; a += 1, b += 1) rows.push({ kind: "same", old: a + 1, new: b + 1, text: old[a] ?? "" });
  };
  for (const { fromA, toA, toB } of changesOf(old, now)) {
    same(fromA);
    for (; a < toA; a += 1) rows.push({ kind: "old", old: a + 1, new: null, text: old[a] ?? "" });
    for (; b < toB; b += 1) rows.push({ kind: "new", old: null, new: b + 1, text: now[b] ?? "" });
  }
  same(old.length);
  return rows;
}

interface Changed {
  fromA: number;
  toA: number;
  fromB: number;
  toB: number;
}

/** Each different line as a character of its own: then it is a comparison of two words. */
function changesOf(old: readonly string[], now: readonly string[]): readonly Changed[] {
  const known = new Map<string, number>();
  const word = (lines: readonly string[]) =>
    lines
      .map((line) => {
        const number = known.get(line) ?? known.size;
        known.set(line, number);
        return String.fromCharCode(number < FIRST_SURROGATE ? number : number + SURROGATES);
      })
      .join("");
  const [a, b] = [word(old), word(now)];
  if (known.size > MOST_DIFFERENT) return [{ fromA: 0, toA: old.length, fromB: 0, toB: now.length }];
  return diff(a, b, { scanLimit: 5_000, timeout: 500 });
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
