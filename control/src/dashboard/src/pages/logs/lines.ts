/** A log's text as lines that know where in the file they stand. Pure. */
import { after, plain, PLAIN, type Style } from "./ansi";
import { isError } from "./errors";

export interface Line {
  /** Bytes of the file: the first one, and that behind the last, line end and overwritten text included. */
  readonly from: number;
  readonly to: number;
  /** The byte at which `text` begins: behind `from` where something was overwritten. */
  readonly textFrom: number;
  /** As it came, without its line end: show it as text and nothing else. */
  readonly text: string;
  /** Else it goes on with the line before, which is long or was read in two parts. */
  readonly starts: boolean;
  readonly ends: boolean;
  /** States of the line that were overwritten with a carriage return, as progress bars do. */
  readonly over: number;
  /** Its end is not there yet, and will overwrite it. */
  readonly back: boolean;
  readonly style: Style;
  readonly isError: boolean;
  /** When it came, in seconds, if that was seen. */
  readonly came: number | null;
}

/** Characters of a row: longer lines are folded, so that no row takes long to draw. */
export const MOST = 2_000;

/** The end of what gpulane writes above a task's output; commands are quoted there, which are no errors. */
const RULE = /^#+ gpulane: output #+$/;
const IN_HEAD = /^#( gpulane: task | {3}|$| (time|host|GPUs|CUDA_VISIBLE_DEVICES|cwd|PATH|python|conda): )/;

export function isHead(line: Line): boolean {
  return line.text.startsWith("#") && (RULE.test(line.text) || IN_HEAD.test(line.text));
}

/** Lines of bytes `from` to `to`. `starts`: a line begins there. */
export function linesOf(
  text: string,
  from: number,
  to: number,
  starts: boolean,
  came: number | null = null,
  style: Style = PLAIN,
): Line[] {
  const width = widths(text, to - from);
  const lines: Line[] = [];
  let place = from;
  let now = style;
  let begins = starts;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const whole = text.slice(at, end);
    const bytes = width(whole);
    const rest = newline < 0 ? 0 : 1;
    for (const line of folded(whole, place, place + bytes + rest, begins, rest > 0, came, now, width)) {
      lines.push(line);
      now = after(line.text, now);
    }
    place += bytes + rest;
    begins = rest > 0;
    at = end + rest;
  }
  // Replaced characters may have been of any length: the end is known.
  const last = lines.pop();
  if (last) lines.push({ ...last, to });
  return lines;
}

function folded(
  whole: string,
  from: number,
  to: number,
  starts: boolean,
  ends: boolean,
  came: number | null,
  style: Style,
  width: (text: string) => number,
): Line[] {
  const { text, over, back } = standing(whole, starts, ends);
  const textFrom = from + (over ? width(whole.slice(0, whole.lastIndexOf(text))) : 0);
  const isWrong = isError(plain(text.length > 4 * MOST ? text.slice(0, 4 * MOST) : text));
  if (text.length <= MOST)
    return [{ from, to, textFrom, text, starts, ends, over, back, style, isError: isWrong, came }];
  const lines: Line[] = [];
  let place = textFrom;
  for (let at = 0; at < text.length;) {
    const end = cut(text, at + MOST);
    const part = text.slice(at, end);
    const isLast = end >= text.length;
    const next = isLast ? to : place + width(part);
    lines.push({
      from: at === 0 ? from : place,
      to: next,
      textFrom: place,
      text: part,
      starts: at === 0 && starts,
      ends: isLast && ends,
      over: at === 0 ? over : 0,
      back: isLast && back,
      style,
      isError: isWrong,
      came,
    });
    place = next;
    at = end;
  }
  return lines;
}

/** Not between the halves of a surrogate pair. */
function cut(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code < 0xdc00 ? at + 1 : at;
}

/**
 * What stands in a line after its carriage returns, and how many states of it do not any more; of what goes
 * on with a line, that line's state is one of them. `back`: what comes next overwrites it.
 */
function standing(raw: string, starts: boolean, ends: boolean) {
  const back = raw.endsWith("\r");
  const line = back ? raw.slice(0, -1) : raw;
  if (!line.includes("\r")) return { text: line, over: 0, back: back && !ends };
  const states = line.split("\r");
  const some = states.filter((state, index) => state !== "" || (index === 0 && !starts));
  return { text: some.at(-1) ?? "", over: Math.max(0, some.length - 1), back: back && !ends };
}

/** Bytes of text in UTF-8. `whole` has so many `bytes`; if not, replaced ones are counted as one each. */
function widths(whole: string, bytes: number): (text: string) => number {
  return byteLength(whole, 3) === bytes ? (text) => byteLength(text, 3) : (text) => byteLength(text, 1);
}

export function byteLength(text: string, replaced = 3): number {
  let length = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    if (code < 0x800) length += 1;
    else if (code === 0xfffd) length += replaced - 1;
    // Each half of a surrogate pair stands for two of its four bytes.
    else length += code >= 0xd800 && code < 0xe000 ? 1 : 2;
  }
  return length;
}

/** Where in a line's text a byte of the file stands; null: not in what is shown of it. */
export function charAt(line: Line, byte: number): number | null {
  if (byte < line.textFrom || byte > line.to) return null;
  let place = line.textFrom;
  let at = 0;
  while (at < line.text.length && place < byte) {
    place += byteLength(line.text.charAt(at));
    at += 1;
  }
  return at;
}

/** Two parts of one line as one, where it is not too long for a row. */
export function joined(first: Line, second: Line): Line[] {
  if (first.ends || second.starts) return [first, second];
  const { from, starts, style, came } = first;
  if (second.over || (first.back && second.text)) {
    const over = first.over + second.over + (first.back && !second.over ? 1 : 0);
    return [{ ...second, from, starts, over, style, came }];
  }
  if (first.text.length + second.text.length > MOST) return [first, second];
  const text = first.text + second.text;
  const { to, ends, back } = second;
  return [{ ...first, to, ends, back, text, isError: isError(plain(text)) }];
}

/** Columns that a line takes, about. */
export function columns(line: Line): number {
  const text = plain(line.text);
  let wide = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 9) wide += 7;
    else if (code >= 0x1100) wide += 1;
  }
  return wide;
}
