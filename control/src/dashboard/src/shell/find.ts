/** What a few words mean in the palette: tasks, queues and schedulers, and what is to be done with them. Pure. */
import type { Queue, Scheduler, Task } from "@/api/types";

interface FoundTask {
  one: Scheduler;
  queue: Queue;
  task: Task;
}

interface FoundQueue {
  one: Scheduler;
  queue: Queue;
}

export interface Found {
  /** Something is to be done: "kill 1/2". */
  hasVerb: boolean;
  tasks: FoundTask[];
  queues: FoundQueue[];
}

const TASKS = 5;
const QUEUES = 3;

/** `verbs`: words that say what to do, in the language of the page. The running tasks come first. */
export function find(query: string, schedulers: readonly Scheduler[], verbs: readonly string[]): Found {
  const given = query.toLowerCase().trim().split(/\s+/).filter(Boolean);
  const known = verbs.map((verb) => verb.toLowerCase());
  // The beginning of one will do where something follows: else it may as well be a name's.
  const [first = ""] = given;
  const hasVerb = known.some((verb) => (given.length > 1 ? verb.startsWith(first) : verb === first));
  const rest = (hasVerb ? given.slice(1) : given).join(" ");
  if (!rest && !hasVerb) return { hasVerb, tasks: [], queues: [] };
  const tasks: FoundTask[] = [];
  const queues: FoundQueue[] = [];
  for (const one of schedulers)
    for (const queue of one.state?.queues ?? []) {
      const name = `${queue.queue_id} ${queue.queue_name ?? ""}`;
      if (rest && queues.length < QUEUES && isLike(rest, name)) queues.push({ one, queue });
      for (const task of queue.tasks)
        if (isLike(rest, `${queue.queue_id}/${task.index}`, task.name ?? "", queue.queue_name ?? ""))
          tasks.push({ one, queue, task });
    }
  tasks.sort((a, b) => rank(a.task) - rank(b.task));
  return { hasVerb, tasks: tasks.slice(0, TASKS), queues };
}

/** Whether every word of the query stands in one of the texts. */
export function isLike(query: string, ...texts: string[]): boolean {
  const text = texts.join(" ").toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Those that somebody looks for, first. */
function rank({ state }: Task): number {
  return ["running", "failed", "backoff", "waiting", "held"].indexOf(state.status) + 1 || 9;
}
