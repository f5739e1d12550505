/** The submitted tasks, a page at a time; asked for again when their scheduler changes something. */
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { askAnew } from "@/api/anew";
import { answered, ask, GET } from "@/api/client";
import { useKnown } from "@/api/live";
import type { Scheduler, Status, TaskSummary } from "@/api/types";
import { isSubmitted } from "@/parts/schedulers";
import { sortOf } from "@/parts/sorting";
import type { Placed } from "@/parts/verbs";

const PAGE = 200;
/** Milliseconds between two askings while things change. */
const BETWEEN = 1_000;
export const LIST = "submitted";

export interface Filter {
  state: string;
  text: string;
}

export const STATES: Status[] = [
  "running",
  "waiting",
  "pending",
  "held",
  "backoff",
  "failed",
  "completed",
  "cancelled",
  "skipped",
];

/** What they are sorted by; else the newest first. */
const SORTS = ["id", "created", "took", "memory"] as const;
type Sort = `${"" | "-"}${(typeof SORTS)[number]}`;
export const USUAL = "-id";

/** Nonsense in an address counts as not said. */
export function orderOf(said: string): Sort {
  return sortOf(said, SORTS) ? (said as Sort) : USUAL;
}

/** Characters of what is searched for, as the console has it. */
export const LONGEST = 200;

/** What of a filter can't be asked for; an address may say anything. */
export function wrongIn({ state, text }: Filter): keyof Filter | null {
  if (state !== "" && !STATES.some((one) => one === state)) return "state";
  return Array.from(text).length > LONGEST ? "text" : null;
}

export function useTaskList({ state, text }: Filter, sort: Sort) {
  return useInfiniteQuery({
    enabled: wrongIn({ state, text }) === null,
    queryKey: [LIST, "list", state, text, sort],
    queryFn: async ({ pageParam }) => {
      const filter = { state: (state || null) as Status | null, search: text };
      const query = { ...filter, sort, limit: PAGE, before: pageParam };
      const { data, response } = await answered(GET("/api/tasks", { params: { query } }));
      return { tasks: data, total: Number(response.headers.get("X-Total-Count") ?? data.length) };
    },
    initialPageParam: null as number | null,
    getNextPageParam: ({ tasks }) => (tasks.length === PAGE ? tasks.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
  });
}

/** Those that have not ended. */
export function useUnfinished() {
  return useQuery({
    queryKey: [LIST, "unfinished"],
    queryFn: async () => {
      const of = (status: "queued" | "running") =>
        ask(GET("/api/tasks", { params: { query: { status, limit: 1_000 } } }));
      return (await Promise.all([of("queued"), of("running")])).flat();
    },
  }).data;
}

export function useTaskCounts() {
  return useQuery({ queryKey: [LIST, "counts"], queryFn: () => ask(GET("/api/tasks/counts")) }).data;
}

export function isOfSubmitted(one: Scheduler): boolean {
  return one.alive === true && one.state !== null && isSubmitted(one.state.command_file);
}

/** A task as it is listed. */
type Listed = Pick<TaskSummary, "task" | "key">;

/** What their living scheduler says of one; undefined: it does not run, or is of an earlier run. */
export function useLive(): (task: Listed) => Placed | undefined {
  const one = useKnown().schedulers.find(isOfSubmitted);
  // Of two runs with the same commands both have tasks of one key; a queue's id is given once.
  const tasks = useMemo(
    () =>
      new Map(
        (one?.state?.queues ?? []).flatMap((queue) =>
          queue.tasks.map(
            (task) =>
              [`${queue.queue_id} ${task.key}`, { pid: one?.pid ?? 0, queue: queue.queue_id, task }] as const,
          ),
        ),
      ),
    [one],
  );
  return useCallback(({ task, key }) => tasks.get(`${Number.parseInt(task)} ${key}`), [tasks]);
}

/** Has lists and details asked for again when a queue of the submitted changes. */
export function useFollowing(): void {
  const queries = useQueryClient();
  const queues = useKnown().schedulers.find(isOfSubmitted)?.state?.queues;
  const asked = useRef(0);
  const before = useRef(queues);
  useEffect(() => {
    if (before.current === queues) return;
    const timer = setTimeout(
      () => {
        before.current = queues;
        asked.current = Date.now();
        void askAnew(queries, [LIST]);
      },
      Math.max(0, asked.current + BETWEEN - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [queries, queues]);
}
