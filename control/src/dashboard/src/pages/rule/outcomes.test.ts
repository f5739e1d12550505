import { expect, it } from "vitest";
import type { Scheduler, WaitingTask } from "@/api/types";
import { estimateOf, kindOf } from "./outcomes";

type Outcome = WaitingTask["before"];

const waits: Outcome = {
  state: "waits",
  gpus: [],
  reason: "needs 1 GPU",
  blockers: [],
  gpu_count: 1,
  memory_gb: 8,
  ready: 0,
};
const starts = (...gpus: string[]): Outcome => ({
  state: "starts_now",
  gpus,
  reason: null,
  blockers: [],
  gpu_count: 0,
  memory_gb: null,
  ready: 0,
});

function task(before: Outcome, after: Outcome): WaitingTask {
  const changed = before.state !== after.state || before.gpus.join() !== after.gpus.join();
  const whose = { scheduler: 7, mode: "multi" as const, config_index: 0 };
  return { ...whose, task: "3/1", key: "k", name: null, before, after, changed };
}

it.each([
  [starts("0"), starts("0"), "startsSame"],
  [starts(), starts(), "startsSameCpu"],
  [waits, { ...waits }, "waitsSame"],
  [waits, { ...waits, reason: "another" }, "waitsOther"],
  [waits, starts("3"), "starts"],
  [waits, starts(), "startsCpu"],
  [starts("0"), starts("1"), "elsewhere"],
  [starts("0"), waits, "waits"],
  [waits, { ...waits, state: "never" as const }, "waitsSame"],
])("says what would become of it", (before, after, kind) => {
  expect(kindOf(task(before, after))).toBe(kind);
});

it("says when it starts only where the same is in its way", () => {
  const known = (pid: number) =>
    [
      {
        pid,
        alive: true,
        state: { queues: [{ tasks: [{ key: "k", estimate: { start: 900, end: 950 } }] }] },
      },
    ] as unknown as Scheduler[];
  expect(estimateOf(task(waits, waits), known(7))).toBe(900);
  expect(estimateOf(task(waits, waits), known(8))).toBeNull();
  expect(estimateOf(task(waits, { ...waits, reason: "another" }), known(7))).toBeNull();
  expect(estimateOf(task(waits, starts("0")), known(7))).toBeNull();
  expect(estimateOf(task(starts("0"), waits), known(7))).toBeNull();
});
