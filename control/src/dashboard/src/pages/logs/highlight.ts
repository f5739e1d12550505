/** A line's pieces with what was sought in them marked. Pure. */
import { pieces, type Piece } from "./ansi";
import { charAt, type Line } from "./lines";
import type { Sought } from "./search";

export type Mark = "hit" | "current" | null;

export interface Marked extends Piece {
  readonly mark: Mark;
}

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly mark: Mark;
}

interface Place {
  readonly from: number;
  readonly to: number;
}

/**
 * Where in a line's text something was found. Words are looked for here, as the console tells only the first of
 * a line; of a pattern the console's places are taken.
 */
export function rangesIn(
  line: Line,
  sought: Sought | null,
  places: readonly Place[],
  current: Place | undefined,
): Range[] {
  if (!sought || sought.errors) return [];
  const ranges: Range[] = [];
  const here = (place: Place) => ({ from: charAt(line, place.from), to: charAt(line, place.to) });
  if (sought.regex)
    for (const place of places) {
      const { from, to } = here(place);
      if (from !== null && to !== null && to > from)
        ranges.push({ from, to, mark: place === current ? "current" : "hit" });
    }
  else {
    const at = current ? here(current).from : null;
    for (const found of line.text.matchAll(wordsOf(sought.query, sought.case)))
      ranges.push({
        from: found.index,
        to: found.index + found[0].length,
        mark: found.index === at ? "current" : "hit",
      });
  }
  return ranges;
}

function wordsOf(query: string, isCase: boolean): RegExp {
  return new RegExp(query.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), isCase ? "g" : "gi");
}

export function marked(line: Line, ranges: readonly Range[]): Marked[] {
  const all = pieces(line.text, line.style).pieces;
  if (!ranges.length) return all.map((piece) => ({ ...piece, mark: null }));
  return all.flatMap((piece) => split(piece, ranges));
}

function split(piece: Piece, ranges: readonly Range[]): Marked[] {
  const result: Marked[] = [];
  const end = piece.at + piece.text.length;
  const push = (from: number, to: number, mark: Mark) => {
    if (to > from)
      result.push({ ...piece, text: piece.text.slice(from - piece.at, to - piece.at), at: from, mark });
  };
  let at = piece.at;
  for (const { from, to, mark } of ranges) {
    if (to <= at || from >= end) continue;
    push(at, Math.max(at, from), null);
    push(Math.max(at, from), Math.min(end, to), mark);
    at = Math.min(end, to);
  }
  push(at, end, null);
  return result;
}
