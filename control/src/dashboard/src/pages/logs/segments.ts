/** What is held of a log: stretches of lines, with gaps between them that are read when they are wanted. Pure. */
import { byteLength, joined, type Line } from "./lines";

export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly Line[];
  /** The number of the line that `lines` begins with, or is in; null: nobody has counted. */
  readonly first: number | null;
}

export type Row =
  | { readonly kind: "line"; readonly line: Line; readonly number: number | null }
  | { readonly kind: "gap"; readonly from: number; readonly to: number; readonly lines: number | null };

/** With a part that was read. What is held already stays as it is. */
export function added(segments: readonly Segment[], part: Segment): Segment[] {
  const before = segments.filter(
    (one) => one.from < part.from || (one.from === part.from && one.to > part.to),
  );
  const behind = segments.filter((one) => !before.includes(one));
  const left = before.at(-1);
  // A part may cover whole stretches that follow, and cut one.
  const right = behind.find((one) => one.to > part.to);
  const rest = right ? behind.slice(behind.indexOf(right)) : [];
  const cut = between(part, left?.to ?? 0, right?.from ?? Infinity);
  if (!cut) return [...before, ...rest];
  return merged([...before, cut, ...rest]);
}

function between(part: Segment, least: number, most: number): Segment | null {
  let { lines, first } = part;
  const { from, to } = part;
  if (from >= least && to <= most) return part;
  if (from < least) {
    const kept = lines.filter((line) => line.to > least);
    first = first === null ? null : first + starts(lines.slice(0, lines.length - kept.length + 1));
    lines = kept.map((line) => (line.from < least ? clippedFrom(line, least) : line));
  }
  if (to > most)
    lines = lines
      .filter((line) => line.from < most)
      .map((line) => (line.to > most ? clippedTo(line, most) : line));
  const [head, last] = [lines[0], lines.at(-1)];
  return head && last ? { from: head.from, to: last.to, lines, first } : null;
}

function clippedFrom(line: Line, from: number): Line {
  let [at, place] = [0, line.textFrom];
  while (place < from && at < line.text.length) place += byteLength(line.text.charAt(at++));
  return { ...line, from, textFrom: Math.max(from, place), text: line.text.slice(at), starts: false };
}

function clippedTo(line: Line, to: number): Line {
  let [at, place] = [0, line.textFrom];
  while (place < to && at < line.text.length) place += byteLength(line.text.charAt(at++));
  return { ...line, to, text: line.text.slice(0, at), ends: false };
}

function merged(segments: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  for (const one of segments) {
    const last = result.at(-1);
    if (last?.to === one.from) result[result.length - 1] = together(last, one);
    else result.push(one);
  }
  return result;
}

function together(left: Segment, right: Segment): Segment {
  const [end, begin] = [left.lines.at(-1), right.lines[0]];
  const middle = end && begin ? joined(end, begin) : [];
  // The lines of a growing log are many, and few come at once.
  const lines = left.lines.slice(0, -1).concat(middle, right.lines.slice(1));
  const before = starts(left.lines.slice(1)) + (begin?.starts ? 1 : 0);
  return {
    from: left.from,
    to: right.to,
    lines,
    first: left.first ?? (right.first === null ? null : right.first - before),
  };
}

function starts(lines: readonly Line[]): number {
  let count = 0;
  for (const line of lines) if (line.starts) count += 1;
  return count;
}

/** With numbers for stretches that have none, from lines whose number is known, by where they begin. */
export function numbered(segments: readonly Segment[], known: ReadonlyMap<number, number>): Segment[] {
  return segments.map((one) => {
    if (one.first !== null) return one;
    let count = 0;
    for (const [at, line] of one.lines.entries()) {
      if (at > 0 && line.starts) count += 1;
      const number = line.starts ? known.get(line.from) : undefined;
      if (number !== undefined) return { ...one, first: number - count };
    }
    return one;
  });
}

/** No more than so many bytes of text: what is farthest from a place goes first. The file's first stretch,
 * which tells what runs, stays. */
export function trimmed(segments: readonly Segment[], center: number, most: number, head: number): Segment[] {
  let held = segments.reduce((sum, one) => sum + one.to - one.from, 0);
  let kept = [...segments];
  while (held > most) {
    const first = kept[0];
    const isHead = (one: Segment) => one === first && one.from === 0 && one.to <= head;
    const far = kept
      .filter((one) => !isHead(one))
      .map((one) => ({ one, start: Math.abs(center - one.from), end: Math.abs(one.to - center) }))
      .sort((a, b) => Math.max(b.start, b.end) - Math.max(a.start, a.end))[0];
    if (!far) break;
    const shorter = shortened(far.one, held - most, far.start > far.end, head);
    const next = kept.flatMap((one) => (one === far.one ? shorter : [one]));
    const now = next.reduce((sum, one) => sum + one.to - one.from, 0);
    if (now >= held) break;
    [kept, held] = [next, now];
  }
  return kept;
}

/** Without about so many bytes at one end; of what begins the file, its first lines stay. */
function shortened(one: Segment, bytes: number, atStart: boolean, head: number): Segment[] {
  if (atStart) {
    const at = one.lines.findIndex((line) => line.from >= one.from + bytes && line.starts);
    const rest = at < 0 ? null : part(one, at, one.lines.length);
    const kept = one.from === 0 ? part(one, 0, Math.max(1, below(one, Math.min(head, bytes)))) : null;
    return [kept, rest].filter((each) => each !== null);
  }
  const at = one.lines.findLastIndex((line) => line.to <= one.to - bytes);
  return at < 0 ? [] : [part(one, 0, at + 1)];
}

function below(one: Segment, bytes: number): number {
  const at = one.lines.findIndex((line) => line.to > bytes);
  return at < 0 ? one.lines.length : at;
}

function part(one: Segment, at: number, end: number): Segment {
  const lines = one.lines.slice(at, end);
  const skipped = starts(one.lines.slice(1, at + 1));
  return {
    from: lines[0]?.from ?? one.from,
    to: lines.at(-1)?.to ?? one.to,
    lines,
    first: one.first === null ? null : one.first + skipped,
  };
}

/** Everything that is held, and gaps, as rows. */
export function rowsOf(segments: readonly Segment[], size: number): Row[] {
  const rows: Row[] = [];
  let place = 0;
  let next: number | null = 1;
  for (const one of segments) {
    if (one.from > place) {
      const lines = next !== null && one.first !== null ? Math.max(0, one.first - next) : null;
      rows.push({ kind: "gap", from: place, to: one.from, lines });
    }
    let number = one.first;
    for (const [at, line] of one.lines.entries()) {
      if (at > 0 && line.starts && number !== null) number += 1;
      rows.push({ kind: "line", line, number });
    }
    place = one.to;
    next = number === null ? null : number + 1;
  }
  if (size > place) rows.push({ kind: "gap", from: place, to: size, lines: null });
  return rows;
}

export function startOf(row: Row): number {
  return row.kind === "line" ? row.line.from : row.from;
}

export function endOf(row: Row): number {
  return row.kind === "line" ? row.line.to : row.to;
}

/** The row that a byte of the file is in, the last one for what is behind all. */
export function rowAt(rows: readonly Row[], byte: number): number {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const row = rows[middle];
    if (row && startOf(row) <= byte) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

export function holds(segments: readonly Segment[], byte: number): boolean {
  return segments.some((one) => one.from <= byte && byte < one.to);
}
