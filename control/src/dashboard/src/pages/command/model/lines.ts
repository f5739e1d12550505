/** Which line of a command file is what, as app/command_file/lines.py and blocks.py take it apart. Pure. */

const FENCE = "```";

export type Role = "blank" | "comment" | "lane" | "queue" | "count" | "memory" | "fence" | "command";

export interface Anatomy {
  /** Of each line, from 0. */
  roles: Role[];
  /** First and last line of each block, from 0. */
  blocks: [number, number][];
}

const LANE = /^\s*#LANE(?:\s|$)/;
/** Meant as a number, with what may follow it on its line. */
const NUMERIC = /^[+-]?\d*\.?\d+\s*(?:[GM]i?B)?$/i;

export function isLane(line: string): boolean {
  return LANE.test(line);
}

function bare(line: string): string {
  const at = line.indexOf("#");
  return (at < 0 ? line : line.slice(0, at)).trim();
}

export function anatomy(lines: readonly string[], multi: boolean): Anatomy {
  const roles: Role[] = [];
  const blocks: [number, number][] = [];
  let start = -1;
  let content: number[] = [];
  let open = false;
  const close = (end: number) => {
    if (start >= 0 && content.length) {
      blocks.push([start, end]);
      special(lines, roles, content, multi);
    }
    start = -1;
    content = [];
  };
  lines.forEach((line, number) => {
    const text = line.trim();
    if (open) {
      open = text !== FENCE;
      roles.push(open ? "command" : "fence");
      return;
    }
    if (!text) {
      roles.push("blank");
      close(number - 1);
      return;
    }
    if (start < 0) start = number;
    if (text.startsWith("#")) {
      roles.push(isLane(line) ? "lane" : "comment");
      return;
    }
    content.push(number);
    open = text.startsWith(FENCE);
    roles.push(open ? "fence" : "command");
  });
  close(lines.length - 1);
  return { roles, blocks };
}

/** Queue id, GPU count and memory stand at the ends of a block's content. */
function special(lines: readonly string[], roles: Role[], content: readonly number[], multi: boolean): void {
  const numeric = (number: number | undefined): number is number =>
    number !== undefined && roles[number] === "command" && NUMERIC.test(bare(lines[number] ?? ""));
  const [first] = content;
  if (numeric(first)) roles[first] = "queue";
  if (content.length < 2) return;
  const last = content.at(-1) as number;
  if (!numeric(last) && bare(lines[last] ?? "").toLowerCase() !== "all") return;
  roles[last] = "memory";
  const before = content.at(-2);
  if (multi && content.length > 2 && numeric(before)) roles[before] = "count";
}

export type Ink = "number" | "lane" | "key" | "value" | "string" | "variable" | "place" | "comment";
export interface Span {
  from: number;
  to: number;
  ink: Ink;
}

const OPTION = /([^\s="'#][^\s="']*)(?:=("[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'|[^\s"']*))?|(#.*$)/g;
const SHELL =
  /("(?:[^"\\]|\\.)*"?|'[^']*'?)|(\{work_dir\})|(\$(?:\{[^}]*\}?|[A-Za-z_]\w*|[0-9?@#*!$]))|((?:^|\s)#.*$)/g;
const INSIDE = /(\{work_dir\})|(\$(?:\{[^}]*\}?|[A-Za-z_]\w*|[0-9?@#*!$]))/g;

/** What is coloured in a line. In order, and none over another. */
export function spansOf(line: string, role: Role): Span[] {
  switch (role) {
    case "comment":
      return [{ from: 0, to: line.length, ink: "comment" }];
    case "lane":
      return ofLane(line);
    case "queue":
    case "count":
    case "memory":
      return ofNumber(line);
    case "command":
      return ofShell(line);
    default:
      return [];
  }
}

function ofNumber(line: string): Span[] {
  const at = line.indexOf("#");
  const number: Span = { from: 0, to: at < 0 ? line.length : at, ink: "number" };
  return at < 0 ? [number] : [number, { from: at, to: line.length, ink: "comment" }];
}

function ofLane(line: string): Span[] {
  const head = line.indexOf("#LANE") + "#LANE".length;
  const spans: Span[] = [{ from: head - 5, to: head, ink: "lane" }];
  for (const found of line.slice(head).matchAll(OPTION)) {
    const from = head + found.index;
    const end = from + found[0].length;
    if (found[3]) {
      spans.push({ from, to: end, ink: "comment" });
      continue;
    }
    const key = from + (found[1] ?? "").length;
    spans.push({ from, to: key, ink: "key" });
    if (found[2]) spans.push({ from: key + 1, to: end, ink: "value" });
  }
  return spans;
}

function ofShell(line: string): Span[] {
  const spans: Span[] = [];
  for (const found of line.matchAll(SHELL)) {
    const [whole, quoted, place, variable] = found;
    const from = found.index;
    const to = from + whole.length;
    if (quoted) spans.push(...ofQuoted(quoted, from));
    else spans.push({ from, to, ink: place ? "place" : variable ? "variable" : "comment" });
  }
  return spans;
}

/** Variables stand out in quotes, too; in single ones bash does not see them, but {work_dir} is ours. */
function ofQuoted(quoted: string, start: number): Span[] {
  const spans: Span[] = [];
  let at = 0;
  const until = (to: number) => {
    if (to > at) spans.push({ from: start + at, to: start + to, ink: "string" });
  };
  for (const found of quoted.matchAll(INSIDE)) {
    if (found[2] && quoted.startsWith("'")) continue;
    until(found.index);
    at = found.index + found[0].length;
    spans.push({ from: start + found.index, to: start + at, ink: found[1] ? "place" : "variable" });
  }
  until(quoted.length);
  return spans;
}
