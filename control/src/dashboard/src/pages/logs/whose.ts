/** Whose a log is: the attempt, its task, and where that stands. */
import { useQuery } from "@tanstack/react-query";
import { ask, GET } from "@/api/client";
import { useKnown } from "@/api/live";
import type { History, HistoryAttempt, HistoryTask, Queue, Scheduler, Task } from "@/api/types";

export interface Whose {
  readonly task: HistoryTask;
  readonly attempt: HistoryAttempt | null;
  readonly run: History["runs"][number] | undefined;
}

interface LogName {
  readonly run: string;
  readonly queue: number;
  readonly digest: string;
  readonly number: number;
}

/** What an attempt's log is called: runs/RUN/QUEUE-INDEX-KEY.NUMBER.log. */
export function nameOf(path: string): LogName | null {
  const found = /\/([^/]+)\/(\d+)-\d+-([0-9a-f]{8})\.(\d+)\.log$/.exec(path);
  if (!found) return null;
  const [, run = "", queue, digest = "", number] = found;
  return { run, queue: Number(queue), digest, number: Number(number) };
}

const OFTEN = 4_000;
const SELDOM = 30_000;

/** `key`: the task's, of a log that was bound to it. null: it is no task's; undefined: nobody knows yet. */
export function useWhose(
  path: string,
  key: string | undefined,
  queue: number | undefined,
): Whose | null | undefined {
  const name = nameOf(path);
  const asked = name ? { task: name.digest, queue: name.queue } : { task: key ?? "", queue: queue ?? null };
  const { data, isError } = useQuery({
    queryKey: ["log-of", asked],
    enabled: asked.task !== "",
    // Without `format` it is JSON.
    queryFn: async () => (await ask(GET("/api/history", { params: { query: asked } }))) as History,
    refetchInterval: (query) => (query.state.data?.tasks.some(isUnfinished) ? OFTEN : SELDOM),
  });
  if (asked.task === "" || isError) return null;
  return data ? whoseIn(data, path, name, key) : undefined;
}

export function whoseIn(
  history: History,
  path: string,
  name: LogName | null,
  key: string | undefined,
): Whose | null {
  for (const task of history.tasks) {
    const attempt = task.attempts.find(
      (one) => one.log_path === path || (name && task.run === name.run && one.number === name.number),
    );
    if (attempt ?? (!name && task.key === key))
      return { task, attempt: attempt ?? null, run: history.runs.find(({ run }) => run.id === task.run_id) };
  }
  return null;
}

/** The newest attempt, where it came after this one. */
export function nextOf(whose: Whose | null | undefined): HistoryAttempt | undefined {
  const newest = whose?.task.attempts.at(-1);
  return whose?.attempt && newest && newest.attempt > whose.attempt.attempt ? newest : undefined;
}

function isUnfinished(task: HistoryTask): boolean {
  return ["running", "backoff", "waiting", "pending", "held"].includes(task.status);
}

export interface Standing {
  readonly one: Scheduler;
  readonly queue: Queue;
  readonly task: Task | undefined;
}

/** Where the task stands with a scheduler of today. */
export function useStanding(whose: Whose | null | undefined): Standing | undefined {
  const { schedulers } = useKnown();
  if (!whose) return undefined;
  for (const one of schedulers) {
    if (one.state?.run !== whose.task.run) continue;
    const queue = one.state.queues.find(({ queue_id }) => queue_id === whose.task.queue_id);
    if (queue) return { one, queue, task: queue.tasks.find(({ key }) => key === whose.task.key) };
  }
  return undefined;
}
