/** What is asked for of opened queues: all their tasks, of which a state lists only those near the head, and
 * how earlier attempts failed. */
import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { ask, GET } from "@/api/client";
import type { History, HistoryAttempt, Queue, Scheduler, Task } from "@/api/types";

export interface Opened {
  readonly tasks: (one: Scheduler, queue: Queue) => readonly Task[];
  /** Those that failed and were not its last one, the first first. */
  readonly failed: (one: Scheduler, queue: Queue, task: Task) => readonly HistoryAttempt[];
}

const PART = 1_000;
const MOST_TASKS = 200;
/** Milliseconds. */
const OFTEN = 5_000;

export function useOpened(schedulers: readonly Scheduler[], open: ReadonlySet<string>): Opened {
  const queues = useMemo(
    () =>
      schedulers.flatMap((one) =>
        (one.state?.queues ?? [])
          .filter((queue) => open.has(idOf(one, queue)))
          .map((queue) => ({ one, queue, id: idOf(one, queue) })),
      ),
    [schedulers, open],
  );
  const longer = useMemo(
    () => queues.filter(({ one, queue }) => one.alive && queue.tasks.length < queue.total),
    [queues],
  );
  const tasks = useQueries({
    queries: longer.map(({ one, queue }) => ({
      queryKey: ["tasks", one.id, queue.queue_id],
      queryFn: () => tasksOfQueue(one.pid, queue.queue_id),
      staleTime: 2_000,
      refetchInterval: OFTEN,
      // Ten thousand tasks are drawn anew in no time, as few are in sight; to compare them takes longer.
      structuralSharing: false,
    })),
    combine: dataOf,
  });
  const failed = useQueries({
    queries: queues.map(({ one, queue }) => ({
      // At once where a listed one is tried again; what is not listed comes a little later.
      queryKey: ["failed-attempts", one.id, queue.queue_id, triesOf(queue)],
      queryFn: () => failedOf(one, queue),
      refetchInterval: OFTEN,
      placeholderData: keepPreviousData,
      structuralSharing: false,
    })),
    combine: dataOf,
  });
  return useMemo(() => {
    const all = new Map(longer.map(({ id }, at) => [id, tasks.get(at)]));
    const before = new Map(queues.map(({ id }, at) => [id, failed.get(at)]));
    return {
      tasks: (one, queue) => merged(queue, all.get(idOf(one, queue))),
      failed: (one, queue, task) =>
        (before.get(idOf(one, queue))?.get(task.key) ?? []).filter(({ attempt }) => attempt < task.attempts),
    };
  }, [queues, longer, tasks, failed]);
}

/** By the place of the query. A Map, as lists would be compared deeply; outside of the hook, so that it is another
 * one only when something has come. */
function dataOf<T>(results: readonly { data: T }[]): ReadonlyMap<number, T> {
  return new Map(results.map(({ data }, at) => [at, data]));
}

function idOf(one: Scheduler, queue: Queue): string {
  return `${one.id}:${String(queue.queue_id)}`;
}

/** Which of the listed ones were tried, and how often. */
function triesOf({ tasks }: Queue): string {
  return tasks.flatMap(({ key, attempts }) => (attempts > 1 ? [`${key}:${String(attempts)}`] : [])).join();
}

async function tasksOfQueue(pid: number, queue: number): Promise<Task[]> {
  const found: Task[] = [];
  for (;;) {
    const query = { queue, from: found.length, count: PART };
    const part = await ask(GET("/api/scheduler/{pid}/tasks", { params: { path: { pid }, query } }));
    found.push(...part.tasks.map((task) => ({ ...task, estimate: null }) as unknown as Task));
    if (!part.tasks.length || found.length >= part.total) return found;
  }
}

/** By key of the task. */
async function failedOf(one: Scheduler, queue: Queue): Promise<ReadonlyMap<string, HistoryAttempt[]>> {
  const query = {
    command_file: one.state?.command_file ?? "",
    queue: queue.queue_id,
    ended: "failed" as const,
    limit: MOST_TASKS,
  };
  const found = (await ask(GET("/api/history", { params: { query } }))) as History;
  const here = found.tasks.filter(({ run }) => run === one.state?.run);
  return new Map(here.map(({ key, attempts }) => [key, attempts.toSorted((a, b) => a.attempt - b.attempt)]));
}

/** What the state says of a task is newer than what was asked for. */
function merged(queue: Queue, all: readonly Task[] | undefined): readonly Task[] {
  if (!all) return queue.tasks;
  const newer = new Map(queue.tasks.map((task) => [task.key, task]));
  const gone = queue.tasks.filter((task) => !task.in_file);
  return [...gone, ...all.filter((task) => task.in_file).map((task) => newer.get(task.key) ?? task)];
}
