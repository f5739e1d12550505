/** When something was, in a list: the time of day, or how long ago, as this browser is to say it. */
import { Tooltip } from "@mantine/core";
import { absolute, clock, largestUnit } from "@/format/time";
import { words } from "@/words";
import { keep, recall } from "./kept";
import { useEachSecond } from "./now";

const KEPT = "gpulane-ago";
const WEEK = 7 * 86_400;

export function isAgo(): boolean {
  return recall(KEPT) !== null;
}

export function setAgo(wanted: boolean): void {
  keep(KEPT, wanted ? "yes" : null);
}

export function Moment({ at }: { at: number }) {
  const said = useMoment(at);
  return (
    <Tooltip label={absolute(at)}>
      <span>{said}</span>
    </Tooltip>
  );
}

/** Said anew as time goes. */
export function useMoment(at: number): string {
  return useEachSecond((now) => moment(at, now, isAgo()));
}

/** "14:31", or "2 min ago" of less than a week; seconds. */
export function moment(at: number, now: number, ago: boolean): string {
  const past = now - at;
  if (!ago || past < 0 || past > WEEK) return clock(at, now);
  return words.t("ago", { time: largestUnit(past) });
}
