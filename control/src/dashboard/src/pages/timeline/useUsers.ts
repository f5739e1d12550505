/** Who uses a card now, beside us: their names, where somebody else does. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ask, GET } from "@/api/client";
import type { Timeline } from "@/api/types";

const AGAIN = 30_000;
const STILL = 60;

export function useUsers(timeline: Timeline, now: number): ReadonlyMap<string, string[]> {
  const isUsed = timeline.others.some(({ end }) => end > now - STILL);
  const { data } = useQuery({
    queryKey: ["timeline users"],
    queryFn: () => ask(GET("/api/gpu/processes")),
    enabled: isUsed,
    refetchInterval: AGAIN,
    staleTime: AGAIN,
  });
  return useMemo(
    () =>
      new Map(
        (data?.cards ?? []).map(({ uuid, processes }) => {
          const theirs = processes.filter(({ ours, own, user }) => ours === null && !own && user !== null);
          const used = new Map<string, number>();
          for (const { user, used_gb } of theirs)
            if (user !== null) used.set(user, (used.get(user) ?? 0) + (used_gb ?? 0));
          return [uuid, [...used].sort((a, b) => b[1] - a[1]).map(([user]) => user)];
        }),
      ),
    [data],
  );
}
