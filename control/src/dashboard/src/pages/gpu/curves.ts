/** A card's last hour, day or week as lines. Pure. */
import type { Card, CardSamples, Gpus } from "@/api/types";
import { usedOf } from "./shares";

/** In seconds: how far back, how far apart the points are, and how often they are asked for again. */
export const RANGES = {
  "1h": { seconds: 3_600, step: 30, every: 30 },
  "24h": { seconds: 86_400, step: 720, every: 120 },
  "7d": { seconds: 604_800, step: 5_040, every: 600 },
} as const;
export type Range = keyof typeof RANGES;

export function rangeOf(said: string): Range {
  return Object.hasOwn(RANGES, said) ? (said as Range) : "1h";
}

/** Where the samples begin: at a whole step, or the same ones would be put together otherwise each time. */
export function beginOf(range: Range, now: number): number {
  const { seconds, step } = RANGES[range];
  return Math.floor((now - seconds) / step) * step;
}

/** Percents by wall-clock second; nothing where nothing was sampled or the card does not say. */
export interface Lines {
  at: number[];
  use: (number | null)[];
  memory: (number | null)[];
}

/** As the driver says it now. */
interface Point {
  at: number;
  use: number | null;
  memory: number | null;
}

/** Null where there is nothing to say: the card is gone, or the driver is silent. */
export function pointOf(card: Card, gpus: Gpus): Point | null {
  if (card.health !== "ok" || (gpus.problem !== null && !card.simulated)) return null;
  return { at: gpus.looked_at, use: card.use, memory: percent(usedOf(card), card.total_gb) };
}

/** Times what samples stand for, after which nothing is known between two of them. */
const GAP = 2.5;

/** The samples, and after them what is now: they are asked for less often than it changes. */
export function linesOf(samples: CardSamples | undefined, now: Point | null, range: Range): Lines {
  const { step, every } = RANGES[range];
  const lines: Lines = {
    at: [...(samples?.at ?? [])],
    use: [...(samples?.use ?? [])],
    memory: (samples?.used_gb ?? []).map((used) => percent(used, samples?.total_gb ?? 0)),
  };
  const last = lines.at.at(-1);
  if (!now || last === undefined || now.at <= last) return lines;
  if (now.at - last > GAP * Math.max(step, every))
    add(lines, { at: (last + now.at) / 2, use: null, memory: null });
  add(lines, now);
  return lines;
}

function add(lines: Lines, point: Point): void {
  lines.at.push(point.at);
  lines.use.push(point.use);
  lines.memory.push(point.memory);
}

function percent(value: number | null, total: number): number | null {
  return value === null || total <= 0 ? null : Math.min(100, Math.max(0, (100 * value) / total));
}

/** What was at that time; nulls where nothing was sampled about then. */
export function linesAt(lines: Lines, time: number, range: Range): Omit<Point, "at"> {
  let distance: number = RANGES[range].step;
  let found: Omit<Point, "at"> = { use: null, memory: null };
  for (const [place, at] of lines.at.entries()) {
    if (Math.abs(at - time) >= distance) continue;
    distance = Math.abs(at - time);
    found = { use: lines.use[place] ?? null, memory: lines.memory[place] ?? null };
  }
  return found;
}

/** The least and the most of a line, in whole percents; null: it says nothing. */
export function spanOf(line: readonly (number | null)[]): { least: number; most: number } | null {
  const known = line.filter((value) => value !== null);
  if (!known.length) return null;
  return { least: Math.round(Math.min(...known)), most: Math.round(Math.max(...known)) };
}
