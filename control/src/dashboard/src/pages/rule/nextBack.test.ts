import { expect, it } from "vitest";
import type { Card, Scheduler } from "@/api/types";
import { nextBack } from "./nextBack";

const running = (index: number, uuid: string, end: number | null) => ({
  index,
  estimate: end === null ? null : { start: null, end },
  state: { status: "running", gpu_uuids: [uuid] },
});
const scheduler = (tasks: unknown[]) =>
  ({ state: { queues: [{ queue_id: 2, tasks }] } }) as unknown as Scheduler;
const card = (uuid: string, index: string, tasks: number) =>
  ({ uuid, index, tasks: Array.from({ length: tasks }, () => ({})) }) as unknown as Card;

it("is that of the task that ends first", () => {
  const one = scheduler([running(0, "a", 900), running(1, "b", 300), running(2, "c", null)]);
  expect(nextBack([one], [card("a", "0", 1), card("b", "1", 1), card("c", "2", 1)])).toEqual({
    at: 300,
    gpu: "1",
    task: "2/1",
  });
});

it("is none that is shared, and none without an estimate", () => {
  const one = scheduler([running(0, "a", 300), running(1, "b", null)]);
  expect(nextBack([one], [card("a", "0", 2), card("b", "1", 1)])).toBeNull();
});
