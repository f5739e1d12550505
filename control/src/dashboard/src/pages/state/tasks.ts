/** All tasks of a queue, of which a state lists only those near its head. */
import { ask, GET } from "@/api/client";
import type { Task } from "@/api/types";

const PART = 1_000;

export async function tasksOfQueue(pid: number, queue: number): Promise<Task[]> {
  const found: Task[] = [];
  for (;;) {
    const query = { queue, from: found.length, count: PART };
    const part = await ask(GET("/api/scheduler/{pid}/tasks", { params: { path: { pid }, query } }));
    found.push(...part.tasks.map((task) => ({ ...task, estimate: null }) as unknown as Task));
    if (!part.tasks.length || found.length >= part.total) return found;
  }
}
