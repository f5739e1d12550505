import { expect, it } from "vitest";
import type { Scheduler } from "@/api/types";
import { happened, seenOf } from "./happened";

function scheduler(counts: Record<string, number>, states: string[], ended: string | null = null): Scheduler {
  const tasks = states.map((status, index) => ({
    index,
    key: `${status} ${index}`,
    name: null,
    state: { status },
  }));
  const queues = [{ queue_id: 3, queue_name: "cars", counts, tasks }];
  return { id: "a", ended, state: { queues } } as unknown as Scheduler;
}

const told = (before: Scheduler, after: Scheduler) =>
  happened(seenOf([before]), [after]).map(({ kind, what }) => `${kind} ${what}`.trim());

const running = scheduler({ running: 1, completed: 1 }, ["running"]);

it("tells failures and ends once", () => {
  const failed = scheduler({ failed: 1, completed: 1 }, ["failed"]);
  expect(told(running, failed)).toEqual(["failed 3/0", "ended 3 cars"]);
  expect(told(failed, failed)).toEqual([]);
});

it("does not tell a failure again when a block above it is gone", () => {
  const failed = scheduler({ failed: 1 }, ["completed", "failed"]);
  const moved = structuredClone(failed);
  const [queue] = moved.state?.queues ?? [];
  queue?.tasks.shift();
  queue?.tasks.forEach((task) => (task.index -= 1));
  expect(told(failed, moved)).toEqual([]);
});

it("tells who has died", () => {
  expect(told(running, scheduler({ running: 1, completed: 1 }, ["running"], "died"))).toEqual(["died"]);
});

it("tells nothing of what it sees for the first time", () => {
  expect(happened(seenOf([]), [scheduler({ failed: 1 }, ["failed"], "died")])).toEqual([]);
});
