import { describe, expect, it } from "vitest";
import { applied, Missed, type SchedulerEvent } from "./apply";
import type { Scheduler } from "./types";

const task = (key: string, status: string) => ({ key, index: 0, in_file: true, state: { status } });

const known = {
  id: "7",
  version: "a.1",
  alive: true,
  state: {
    status: "running",
    queues: [
      { queue_id: 1, total: 2, tasks: [task("x", "running"), task("y", "pending")] },
      { queue_id: 2, total: 1, tasks: [task("z", "waiting")] },
    ],
  },
} as unknown as Scheduler;

const event = (more: object) =>
  ({ id: "7", from: "a.1", set: { version: "a.2" }, ...more }) as SchedulerEvent;

describe("what an event changes", () => {
  it("keeps what has not changed as the very object it was", () => {
    const told = [{ queue_id: 1, set: {}, tasks: [task("y", "running")], order: null }];
    const after = applied(known, event({ state: {}, queues: told, order: null }));
    expect(after.version).toBe("a.2");
    expect(after.state?.queues[0]?.tasks.map((one) => one.state.status)).toEqual(["running", "running"]);
    expect(after.state?.queues[0]?.tasks[0]).toBe(known.state?.queues[0]?.tasks[0]);
    expect(after.state?.queues[1]).toBe(known.state?.queues[1]);
    expect(known.state?.queues[0]?.tasks[1]?.state.status).toBe("pending");
  });

  it("puts all in the order told, and lets go what is not in it", () => {
    const told = [{ queue_id: 3, set: { total: 1 }, tasks: [task("n", "pending")], order: ["n"] }];
    const after = applied(known, event({ state: { status: "paused" }, queues: told, order: [3, 1] }));
    expect(after.state?.status).toBe("paused");
    expect(after.state?.queues.map((one) => one.queue_id)).toEqual([3, 1]);
  });

  it("begins with nothing where one is new", () => {
    const told = [{ queue_id: 1, set: { total: 1 }, tasks: [task("n", "pending")], order: ["n"] }];
    const after = applied(
      undefined,
      event({ from: null, state: { status: "running" }, queues: told, order: [1] }),
    );
    expect(after.state?.queues[0]?.tasks).toHaveLength(1);
  });

  it("forgets a state that can't be read any more", () => {
    expect(applied(known, event({ state: null })).state).toBeNull();
  });

  it("does not guess where one was missed", () => {
    expect(() => applied(known, event({ from: "a.0" }))).toThrow(Missed);
    expect(() => applied(undefined, event({}))).toThrow(Missed);
  });
});
