/** What ran and what comes: the last day and the next, and where something else is looked at, that. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo } from "react";
import { askAnew } from "@/api/anew";
import { ask, GET } from "@/api/client";
import { live, serverNow, useKnown } from "@/api/live";
import type { Scheduler, Timeline } from "@/api/types";
import { filesOf, type Files } from "./lanes";
import { DAY, windowOf, type View } from "./view";

const AGAIN = 20_000;
/** Milliseconds between two that are asked for since something has changed. */
const BETWEEN = 2_000;
/** Until history has what has changed. */
const WRITTEN = 3_000;

/** Of a view: what is shorter than one is not missed. */
const LEAST_PARTS = 300;

export interface Answer extends Timeline {
  /** As schedulers said it at that moment. */
  files: Files;
  counts: string;
}

async function timeline(since: number, until: number): Promise<Answer> {
  const { schedulers } = live.snapshot();
  const found = await ask(GET("/api/timeline", { params: { query: { since, until } } }));
  return { ...found, files: filesOf(schedulers), counts: countsOf(schedulers) };
}

// Thousands of bars are not compared with those before.
const ANSWERS = { structuralSharing: false, staleTime: BETWEEN, gcTime: 60_000 } as const;

export function useTimeline(view: View, isMoving: boolean, now: number) {
  const day = useQuery({
    ...ANSWERS,
    queryKey: ["timeline", "day"],
    queryFn: () => timeline(serverNow() - DAY, serverNow() + DAY),
    refetchInterval: isMoving ? false : AGAIN,
  });
  const { since, until } = useMemo(() => windowOf(view), [view]);
  const isInDay =
    day.data !== undefined &&
    !day.data.thinned.bars &&
    day.data.thinned.shortest * LEAST_PARTS < view.span &&
    view.from >= day.data.since &&
    view.from + view.span <= day.data.until;
  const other = useQuery({
    ...ANSWERS,
    queryKey: ["timeline", since, until],
    queryFn: () => timeline(since, until),
    enabled: day.data !== undefined && !isInDay,
    placeholderData: keepPreviousData,
    refetchInterval: isMoving || until < now ? false : AGAIN,
  });
  useChanges(day.data, day.dataUpdatedAt, isMoving);
  return {
    shown: isInDay ? day.data : (other.data ?? day.data),
    day: day.data,
    error: day.data ? other.error : day.error,
    again: () => void day.refetch(),
  };
}

/** Another attempt has begun or ended: it is asked for again, but not at each of many. Then once more, as history
 * is written a little after schedulers say it. */
function useChanges(told: Answer | undefined, updatedAt: number, isMoving: boolean) {
  const { schedulers } = useKnown();
  const queries = useQueryClient();
  const counts = useMemo(() => countsOf(schedulers), [schedulers]);
  const isOld = told !== undefined && told.counts !== counts;
  const isKnown = useEffectEvent(() => told !== undefined);
  const again = useEffectEvent(() => {
    if (!isMoving) void askAnew(queries, ["timeline"]);
  });
  useEffect(() => {
    if (isMoving || !isOld) return;
    const timer = setTimeout(() => again(), Math.max(0, updatedAt + BETWEEN - Date.now()));
    return () => {
      clearTimeout(timer);
    };
  }, [isOld, isMoving, updatedAt]);
  useEffect(() => {
    if (!isKnown()) return;
    const timer = setTimeout(() => again(), WRITTEN);
    return () => {
      clearTimeout(timer);
    };
  }, [counts]);
}

function countsOf(schedulers: readonly Scheduler[]): string {
  return JSON.stringify(schedulers.map((one) => [one.id, one.alive, one.state?.counts]));
}
