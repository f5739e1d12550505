/** What can be done about a fault at a click. Pure. */
import type { Fault } from "@/api/types";

export interface Cure {
  /** What it changes to: "retries", "90m". */
  to: string;
  from: number;
  until: number;
  insert: string;
}

/** The offset of a line and a column as faults have them: both from 1, columns in characters. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = text.startsWith("\ufeff") ? 1 : 0;
  for (let n = 1; n < line; n += 1) {
    const next = text.indexOf("\n", at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  const end = text.indexOf("\n", at);
  const rest = text.slice(at, end < 0 ? text.length : end);
  return at + utf16(rest, Math.max(0, column - 1));
}

/** How many UTF-16 units so many characters take. */
export function utf16(line: string, characters: number): number {
  let at = 0;
  for (let n = 0; n < characters && at < line.length; n += 1)
    at += (line.codePointAt(at) as number) > 0xffff ? 2 : 1;
  return at;
}

/** The word, option or value that begins there. */
export function wordAt(text: string, from: number): string {
  return /^[^\s="'#]+|^#\s*\w+|^\S+/.exec(text.slice(from, from + 200))?.[0] ?? "";
}

export function curesOf(text: string, fault: Fault): Cure[] {
  if (!fault.line) return [];
  const from = offsetOf(text, fault.line, fault.column);
  const word = wordAt(text, from);
  const hint = fault.hint;
  const near = /^did you mean ([\w.]+)\?$/.exec(hint)?.[1];
  if (near && near !== "env.NAME") return [{ to: near, from, until: from + word.length, insert: near }];
  if (hint === "begin it with #LANE") return misspelt(text, from, fault.problem);
  if (fault.problem.includes("is no time with its unit")) return times(text, from, word, hint);
  const digits = /full-width digits/.test(fault.problem) ? /^write (\d+)$/.exec(hint)?.[1] : undefined;
  if (digits) return [{ to: digits, from, until: from + word.length, insert: digits }];
  const fence = /^close it with a line of (```)$/.exec(hint)?.[1];
  if (fence) {
    const gap = text.endsWith("\n") ? "" : "\n";
    return [{ to: fence, from: text.length, until: text.length, insert: `${gap}${fence}\n` }];
  }
  return [];
}

function misspelt(text: string, from: number, problem: string): Cure[] {
  const written = /begins with '([^']+)'/.exec(problem)?.[1];
  const found = written ? text.slice(from).match(/^#\s*/) : null;
  if (!written || !found || !text.startsWith(written, from + found[0].length)) return [];
  const glued = /^LANE(?=[a-z])/.exec(written)?.[0];
  const end = from + found[0].length + (glued ?? written).length;
  const colon = text[end] === ":" ? 1 : 0;
  const insert = glued || !/\s/.test(text[end + colon] ?? " ") ? "#LANE " : "#LANE";
  return [{ to: "#LANE", from, until: end + colon, insert }];
}

/** "write 90s, 90m or 90h": one button each. */
function times(text: string, from: number, key: string, hint: string): Cure[] {
  const at = from + key.length + 1;
  const value = /^["']?([^\s"']+)/.exec(text.slice(at))?.[1];
  const offered = /^write (\S+), (\S+) or (\S+)$/.exec(hint);
  if (!value || !offered) return [];
  const begin = text.indexOf(value, at);
  return offered
    .slice(1)
    .map((each) => ({ to: each, from: begin, until: begin + value.length, insert: each }));
}

export function cured(text: string, cure: Cure): string {
  return text.slice(0, cure.from) + cure.insert + text.slice(cure.until);
}
