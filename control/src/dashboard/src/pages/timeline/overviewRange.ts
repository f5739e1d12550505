/** What the overview spans: the last day, and as much of what comes as fits beside it; or what is looked at. */
import { DAY, HOUR, MINUTE, type View } from "./view";

const COMES = 2 * HOUR;

/** In whole minutes, so that it is not drawn anew each second. */
export function overviewOf(view: View, now: number): { range: View; isLastDay: boolean } {
  const here = Math.ceil(now / MINUTE) * MINUTE;
  const last = { from: here - DAY, until: here + COMES };
  const until = view.from + view.span;
  // A view of a day that follows now reaches a little into both.
  const isLastDay = view.from >= last.from - HOUR && until <= here + 8 * HOUR;
  const from = isLastDay ? Math.min(last.from, view.from) : Math.min(last.from, view.from - view.span / 4);
  const to = Math.max(last.until, until);
  return { range: { from, span: to - from }, isLastDay };
}
