/** Axes with round numbers, and where in a histogram a share of all lies. Pure. */
import type { Spread } from "@/api/types";

const MINUTE = 60;
const HOUR = 3_600;
const TIMES = [
  1,
  2,
  5,
  10,
  20,
  30,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  20 * MINUTE,
  30 * MINUTE,
].concat([1, 2, 4, 6, 12, 24, 48, 96, 168, 336].map((hours) => hours * HOUR));
const AMOUNTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1_000];

/** Marks from 0 to at least `most`, at most `parts` + 1 of them. */
export function marks(most: number, kind: "time" | "amount", parts = 4): number[] {
  const steps = kind === "time" ? TIMES : AMOUNTS;
  const step = steps.find((one) => one * parts >= most) ?? Math.ceil(most / parts);
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

/** A mark of time in one unit: "20 min", "2 h". */
export function unitOf(seconds: number, step = seconds): { value: number; unit: "s" | "min" | "h" | "d" } {
  if (step < MINUTE) return { value: tenths(seconds), unit: "s" };
  if (step < HOUR) return { value: tenths(seconds / MINUTE), unit: "min" };
  if (step < 48 * HOUR) return { value: tenths(seconds / HOUR), unit: "h" };
  return { value: tenths(seconds / (24 * HOUR)), unit: "d" };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** To what an estimate is good for: "1.4 h", "35 min". */
export function roughly(seconds: number): number {
  const whole = seconds < MINUTE ? 1 : seconds < HOUR ? MINUTE : HOUR / 10;
  return Math.round(Math.round(seconds / whole) * whole);
}

/** The bin in which the share lies, and how far in it, 0 to 1. Evenly spread within a bin, as no more is told. */
export function placeOf(
  spread: Spread,
  share: number,
): { bin: number; within: number; value: number } | null {
  if (!spread.count) return null;
  let left = share * spread.count;
  for (const [bin, { low, high, count }] of spread.bins.entries()) {
    if (count && left <= count) {
      const within = left / count;
      return { bin, within, value: high === null ? low : low + within * (high - low) };
    }
    left -= count;
  }
  return null;
}

/** Where in its bin a value is; for the exact median, which is told. */
export function whereIs(spread: Spread, value: number): { bin: number; within: number } | null {
  const bin = spread.bins.findIndex(({ low, high }) => value >= low && (high === null || value < high));
  const found = spread.bins[bin];
  if (!found) return null;
  return { bin, within: found.high === null ? 0.5 : (value - found.low) / (found.high - found.low) };
}
