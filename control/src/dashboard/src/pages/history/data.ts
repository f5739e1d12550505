/** What has run, by the filters of the address: a page at a time, charts and figures with the first. */
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { askAnew } from "@/api/anew";
import { ask, GET } from "@/api/client";
import { useKnown } from "@/api/live";
import type { History, QueueFigures } from "@/api/types";
import { wholeNumber } from "@/parts/parameters";
import { sortOf } from "@/parts/sorting";
import { rangeOf, readKey } from "./attempts";

export const NAMES = ["last", "queue", "state", "gpu", "task", "run", "waited", "view", "sort"] as const;
export type Said = Record<(typeof NAMES)[number], string>;
export type Say = (change: Partial<Said>) => void;
export const NO_FILTER = { queue: "", state: "", gpu: "", task: "", run: "", waited: "" };

/** What attempts are sorted by; else, the last that ended first. */
export const SORTS = ["ended", "ran", "waited", "peak"] as const;
export type Sort = `${"" | "-"}${(typeof SORTS)[number]}`;
export const USUAL = "-ended";

export const PAGE = 500;
const DAY = 86_400;
const HOUR = 3_600;
const DEFAULT_DAYS = 7;
/** Milliseconds between two askings while things end. */
const BETWEEN = 5_000;
const KEY = "history";

/** How attempts end, as the filter has it. */
export const ENDED = ["completed", "failed", "cancelled"] as const;
type Ended = (typeof ENDED)[number];

export interface Query {
  since: number | null;
  command_file: string | null;
  queue: number | null;
  ended: Ended | null;
  task: string | null;
  run: number | null;
  gpu: string | null;
  /** Seconds. */
  waited_from: number | null;
  waited_below: number | null;
}

/** Without what is nonsense, as somebody may have written it into the address. */
export function meant(said: Said): Said {
  const key = readKey(said.queue);
  return {
    ...said,
    last: ["1", "30", "all"].includes(said.last) ? said.last : "",
    queue: key && !Number.isNaN(key.queue) ? said.queue : "",
    state: ENDED.some((one) => one === said.state) ? said.state : "",
    run: wholeNumber(said.run) === null ? "" : said.run,
    waited: /^\d+(\.\d+)?-(\d+(\.\d+)?)?$/.test(said.waited) ? said.waited : "",
  };
}

/** `now`: wall-clock seconds. The hour that began so long ago, as the same query has the same answer kept. */
export function queryOf(said: Omit<Said, "view" | "sort">, now: number): Query {
  const days = said.last === "all" ? null : Number(said.last || DEFAULT_DAYS);
  const key = readKey(said.queue);
  const [low, high] = rangeOf(said.waited);
  return {
    since: days === null ? null : Math.floor((now - days * DAY) / HOUR) * HOUR,
    command_file: key?.file ?? null,
    queue: key?.queue ?? null,
    ended: (said.state || null) as Ended | null,
    task: said.task || null,
    run: said.run ? Number(said.run) : null,
    gpu: said.gpu || null,
    waited_from: low > 0 ? low : null,
    waited_below: Number.isFinite(high) ? high : null,
  };
}

/** The address of the same as CSV, in the same order. */
export function sheetOf(query: Query, sort: Sort | null): string {
  const said = Object.entries({ ...query, sort }).filter(([, value]) => value !== null);
  return `/api/history?${new URLSearchParams([["format", "csv"], ...said.map(([name, value]) => [name, String(value)])]).toString()}`;
}

/** null: as they are without a word. */
export function orderOf(said: string): Sort | null {
  const sort = sortOf(said, SORTS);
  return sort && said !== USUAL ? (said as Sort) : null;
}

interface Page {
  figures: boolean;
  limit: number;
  before: string | null;
  sort?: Sort;
}

async function page(query: Query, more: Page): Promise<History> {
  const call = GET("/api/history", { params: { query: { ...query, ...more } } });
  return (await ask(call)) as History; // openapi-fetch takes pairs for lists
}

export function useHistory(query: Query) {
  useFollowing();
  return useInfiniteQuery({
    queryKey: [KEY, query],
    queryFn: ({ pageParam }) => page(query, { figures: pageParam === null, limit: PAGE, before: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** The same attempts in another order, which charts and figures know nothing of. */
export function useSorted(query: Query, sort: Sort | null) {
  return useInfiniteQuery({
    enabled: sort !== null,
    queryKey: [KEY, query, sort],
    queryFn: ({ pageParam }) =>
      page(query, { figures: false, limit: PAGE, before: pageParam, sort: sort ?? USUAL }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** All queues of the time asked for, whichever is chosen. */
export function useQueues(query: Query, found: readonly QueueFigures[] | undefined): readonly QueueFigures[] {
  const all = { ...queryOf({ ...NO_FILTER, last: "all" }, 0), since: query.since };
  const isFiltered = query.command_file !== null || query.run !== null || query.ended !== null;
  const asked = useQuery({
    queryKey: [KEY, "queues", all],
    queryFn: () => page(all, { figures: true, limit: 1, before: null }),
    enabled: isFiltered,
  });
  return (isFiltered ? asked.data?.figures?.queues : found) ?? [];
}

/** Has it asked for again when an attempt has begun or ended. */
function useFollowing(): void {
  const queries = useQueryClient();
  const ended = useKnown()
    .schedulers.map(({ id, state }) => {
      const { completed = 0, failed = 0, cancelled = 0, backoff = 0, running = 0 } = state?.counts ?? {};
      return [id, completed, failed, cancelled, backoff, running].join(" ");
    })
    .join(",");
  const before = useRef(ended);
  const asked = useRef(0);
  useEffect(() => {
    // What was unknown until now has not changed.
    if (before.current === "" || before.current === ended) {
      before.current = ended;
      return;
    }
    const timer = setTimeout(
      () => {
        before.current = ended;
        asked.current = Date.now();
        void askAnew(queries, [KEY]);
      },
      Math.max(0, asked.current + BETWEEN - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [queries, ended]);
}
