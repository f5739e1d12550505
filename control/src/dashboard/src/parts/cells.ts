/** Which state each task of a queue is in, of which only those near its head are listed one by one. */
import type { Queue, Status } from "@/api/types";

/** In the order in which a queue's tasks come by their states. */
const ORDER: Status[] = [
  "completed",
  "cancelled",
  "skipped",
  "failed",
  "running",
  "backoff",
  "waiting",
  "held",
  "pending",
];
const AFTER_HEAD = new Set<Status>(["skipped", "held", "pending"]);

export function cellsOf(queue: Pick<Queue, "total" | "counts" | "current"> & { tasks: Listed[] }): Status[] {
  const known = new Map<number, Status>();
  const left = new Map<Status, number>(ORDER.map((state) => [state, queue.counts[state] ?? 0]));
  for (const task of queue.tasks) {
    if (!task.in_file) continue;
    known.set(task.index, task.state.status);
    left.set(task.state.status, (left.get(task.state.status) ?? 0) - 1);
  }
  const head = queue.current ?? queue.total;
  return Array.from({ length: queue.total }, (_, index) => known.get(index) ?? taken(left, index > head));
}

interface Listed {
  index: number;
  in_file?: boolean;
  state: { status: Status };
}

function taken(left: Map<Status, number>, afterHead: boolean): Status {
  const some = ORDER.filter((state) => (left.get(state) ?? 0) > 0);
  const found = some.find((state) => !afterHead || AFTER_HEAD.has(state)) ?? some[0] ?? "pending";
  left.set(found, (left.get(found) ?? 0) - 1);
  return found;
}
