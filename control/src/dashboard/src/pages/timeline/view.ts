/** Which span of time is looked at: its begin and length in wall-clock seconds. It stands in the address; without
 * a begin there it follows now. */

export interface View {
  from: number;
  span: number;
}

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

/** Those that are one click away. */
export const SPANS = [2 * HOUR, 8 * HOUR, 24 * HOUR, 7 * DAY] as const;
export const USUAL = 8 * HOUR;
const SHORTEST = 30;
const LONGEST = 60 * DAY;

/** Where now stands in a view that follows it: what has been is worth more room than what is guessed. */
const NOW_AT = 0.71;
/** A view that follows moves on in steps of these, and stands in between. */
const STEPS = [1, 5, 15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR];

export function following(now: number, span: number): View {
  const step = STEPS.findLast((each) => each <= span / 84) ?? 1;
  return { from: Math.floor((now - NOW_AT * span) / step) * step, span };
}

/** `from` and `span` as in the address; what is none counts as not said. */
export function viewOf(said: { from: string; span: string }, now: number): View {
  const span = Number(said.span) > 0 ? clamp(Number(said.span), SHORTEST, LONGEST) : USUAL;
  const from = Number(said.from);
  return from > 0 ? bounded({ from, span }, now) : following(now, span);
}

/** Zoomed by `factor` (above 1: closer), so that `at` stays where it is. */
export function zoomed(view: View, factor: number, at: number, now: number): View {
  const span = clamp(view.span / factor, SHORTEST, LONGEST);
  return bounded({ from: at - ((at - view.from) * span) / view.span, span }, now);
}

export function moved(view: View, seconds: number, now: number): View {
  return bounded({ ...view, from: view.from + seconds }, now);
}

/** There is nothing to see a week from now. */
function bounded({ from, span }: View, now: number): View {
  return { from: clamp(from, 0, now + 7 * DAY - span / 2), span };
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** What to ask for so that moving and zooming a little asks for nothing new. */
export function windowOf(view: View): { since: number; until: number } {
  const grain = 2 ** Math.ceil(Math.log2(view.span));
  return {
    since: Math.max(0, Math.floor(view.from / grain - 0.5) * grain),
    until: Math.ceil((view.from + view.span) / grain + 0.5) * grain,
  };
}

/** How times and pixels go together. */
export class Scale {
  constructor(
    readonly view: View,
    readonly width: number,
  ) {}

  x(time: number): number {
    return ((time - this.view.from) / this.view.span) * this.width;
  }

  time(x: number): number {
    return this.view.from + (x / this.width) * this.view.span;
  }

  get until(): number {
    return this.view.from + this.view.span;
  }

  /** Seconds of so many pixels. */
  seconds(pixels: number): number {
    return (pixels / this.width) * this.view.span;
  }
}
