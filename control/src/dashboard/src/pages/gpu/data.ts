/** What is asked for, and not told by events: processes and samples. */
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useCallback } from "react";
import { ask, GET } from "@/api/client";
import { serverNow } from "@/api/live";
import type { GpuProcess, GpuProcesses, GpuSamples } from "@/api/types";
import { beginOf, RANGES, type Range } from "./curves";

/** Milliseconds; the cards themselves are told as often. */
const PROCESSES_EVERY = 5_000;

/** Of a card, by its uuid. */
export type ProcessesOf = (uuid: string) => readonly GpuProcess[];
const NOBODY: readonly GpuProcess[] = [];

// Not made anew at each drawing: then only what has changed is drawn.
function byCard({ cards }: GpuProcesses): ReadonlyMap<string, readonly GpuProcess[]> {
  return new Map(cards.map((card) => [card.uuid, card.processes]));
}

export function useProcesses(): ProcessesOf {
  const { data } = useQuery({
    queryKey: ["gpu", "processes"],
    queryFn: () => ask(GET("/api/gpu/processes")),
    refetchInterval: PROCESSES_EVERY,
    select: byCard,
  });
  return useCallback((uuid) => data?.get(uuid) ?? NOBODY, [data]);
}

export function useSamples(range: Range): UseQueryResult<GpuSamples> {
  const { step, every } = RANGES[range];
  return useQuery({
    queryKey: ["gpu", "samples", range],
    queryFn: () =>
      ask(GET("/api/gpu/samples", { params: { query: { since: beginOf(range, serverNow()), step } } })),
    refetchInterval: every * 1_000,
    placeholderData: keepPreviousData,
  });
}
