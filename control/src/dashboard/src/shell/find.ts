/** What a few words mean in the palette: tasks, queues and schedulers, and what is to be done with them. Pure. */
import type { Queue, Scheduler, Task } from "@/api/types";

export interface FoundTask {
  one: Scheduler;
  queue: Queue;
  task: Task;
}

export interface FoundQueue {
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
  const says = known.some((verb) => (given.length > 1 ? verb.startsWith(first) : verb === first));
  const words = says ? given.slice(1) : given;
  const rest = words.join(" ");
  const hasVerb = words.length < given.length;
  if (!rest && !hasVerb) return { hasVerb, tasks: [], queues: [] };
  const tasks: FoundTask[] = [];
  const queues: FoundQueue[] = [];
  const isLike = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  for (const one of schedulers)
    for (const queue of one.state?.queues ?? []) {
      const name = `${queue.queue_id} ${queue.queue_name ?? ""}`;
      if (rest && queues.length < QUEUES && isLike(name)) queues.push({ one, queue });
      for (const task of queue.tasks)
        if (isLike(`${queue.queue_id}/${task.index} ${task.name ?? ""} ${queue.queue_name ?? ""}`))
          tasks.push({ one, queue, task });
    }
  tasks.sort((a, b) => rank(a.task) - rank(b.task));
  return { hasVerb, tasks: tasks.slice(0, TASKS), queues };
}

/** Those that somebody looks for, first. */
function rank({ state }: Task): number {
  return ["running", "failed", "backoff", "waiting", "held"].indexOf(state.status) + 1 || 9;
}
