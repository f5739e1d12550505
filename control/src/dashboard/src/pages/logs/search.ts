/** All places in a log that are sought, one answer after the other until its end. */
import { ask, GET, Refused } from "@/api/client";
import type { LogMatch } from "@/api/types";
import type { Segment } from "./segments";

export type Sought = { errors: true } | { errors?: false; query: string; case: boolean; regex: boolean };

export interface Hits {
  readonly matches: readonly LogMatch[];
  /** Bytes that were looked through. */
  readonly to: number;
  readonly isDone: boolean;
  /** There are more, which are not counted. */
  readonly hasMore: boolean;
}

export const NOTHING: Hits = { matches: [], to: 0, isDone: false, hasMore: false };

export const MOST = 2_000;
/** Characters of what is sought, as the console has it. */
export const LONGEST = 500;

/** Whether it can be sought: as an address has it, it may be anything. */
export function canSeek(query: string): boolean {
  return Array.from(query).length <= LONGEST && !query.includes("\n");
}

const AT_ONCE = 500;
const BUSY_WAIT = 1_000;

/** Goes on behind `found`, whose end is in line `line`; tells each answer, with the numbers that lines have. */
export async function searchOn(
  path: string,
  sought: Sought,
  found: Hits & { line?: number },
  signal: AbortSignal,
  tell: (hits: Hits, numbers: (readonly [number, number])[]) => void,
): Promise<void> {
  let hits: Hits = { ...found, isDone: false };
  let { line } = found;
  while (!signal.aborted) {
    const answer = await one(path, sought, hits.to, line, signal);
    if (!answer) return;
    line = answer.next_line ?? undefined;
    const matches = [...hits.matches, ...answer.matches].slice(0, MOST);
    const hasMore = matches.length === MOST && (answer.next !== null || answer.matches.length > 0);
    const to = answer.next ?? answer.size;
    hits = { matches, to, isDone: answer.next === null || hasMore, hasMore };
    const numbers = answer.matches.flatMap(({ line_at, line: number }) =>
      number === null ? [] : [[line_at, number] as const],
    );
    if (answer.next !== null && line !== undefined) numbers.push([answer.next, line]);
    tell(hits, numbers);
    if (hits.isDone) return;
  }
}

async function one(
  path: string,
  sought: Sought,
  from: number,
  line: number | undefined,
  signal: AbortSignal,
) {
  const query = { log_path: path, limit: AT_ONCE, from, ...(line === undefined ? {} : { line }), ...sought };
  for (;;) {
    try {
      const answer = await ask(GET("/api/log/search", { params: { query }, signal }));
      return signal.aborted ? null : answer;
    } catch (error) {
      if (signal.aborted) return null;
      // As many as may search do so already.
      if (!(error instanceof Refused && error.status === 503)) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT));
    }
  }
}

const UNUSUAL = /[\p{Cc}\p{Cf}\ufffd]+/u;

/**
 * Numbers for a stretch of a log that nobody has counted to: a line of it that is like few others is sought from
 * the last line before whose number is known, as searching counts.
 */
export async function numbersFor(
  path: string,
  segment: Segment,
  known: readonly [number, number],
  signal: AbortSignal,
): Promise<readonly (readonly [number, number])[]> {
  const query = rarest(segment);
  if (!query) return [];
  const [to, line] = known;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  let found: readonly (readonly [number, number])[] = [];
  let answers = 0;
  await searchOn(path, { query, case: true, regex: false }, { ...NOTHING, to, line }, both, (_, numbers) => {
    answers += 1;
    const own = numbers.filter(([at]) => at >= segment.from && at < segment.to);
    if (own.length) found = own;
    if (own.length || answers >= MOST_ANSWERS) stop.abort();
  });
  return found;
}

const MOST_ANSWERS = 12;

/** The longest text without anything unusual. */
function rarest(segment: Segment): string {
  let best = "";
  for (const line of segment.lines.slice(-200))
    for (const part of line.text.split(UNUSUAL))
      if (part.length > best.length && part.length < 200) best = part;
  return best.length > 3 ? best : "";
}
