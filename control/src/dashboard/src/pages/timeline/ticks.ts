/** Round times of this browser's clock along the axis. */
import { clockSeconds } from "@/format/time";
import { DAY, HOUR, MINUTE, type Scale } from "./view";

export interface Tick {
  at: number;
  label: string;
  /** A day begins. */
  isDay: boolean;
}

const STEPS = [
  5,
  10,
  30,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
];
/** Between two of them. */
const LEAST = 64;

/** `day`: how a day is named. */
export function ticksOf(scale: Scale, day: (at: number) => string): Tick[] {
  const { from } = scale.view;
  const step = STEPS.find((each) => (each / scale.view.span) * scale.width >= LEAST) ?? 14 * DAY;
  const ticks: Tick[] = [];
  for (let local = Math.ceil((from + offset(from)) / step) * step; ; local += step) {
    // Where clocks are set forward or back in between, the rest of the axis goes with it.
    const at = local - offset(local - offset(from));
    if (at > scale.until) return ticks;
    const isDay = local % DAY === 0;
    ticks.push({ at, isDay, label: isDay ? day(at) : clockSeconds(at).slice(0, step < MINUTE ? 8 : 5) });
  }
}

/** Seconds that this browser's zone is ahead of the world's. */
function offset(at: number): number {
  return -new Date(at * 1000).getTimezoneOffset() * 60;
}
