import { expect, it } from "vitest";
import type { Scheduler } from "@/api/types";
import { card, lease, task } from "@/pages/gpu/fixtures";
import { nextBack } from "./nextBack";

const running = (key: string, end: number | null) => ({
  key,
  estimate: end === null ? null : { start: null, end },
  state: { status: "running" },
});
const scheduler = (tasks: unknown[]) =>
  ({ pid: 7, state: { queues: [{ queue_id: 2, tasks }] } }) as unknown as Scheduler;
const on = (index: string, ...keys: string[]) =>
  card({ index, tasks: keys.map((key) => task({ key, task: `2/${key}` })) });

it("is that of the task that ends first", () => {
  const one = scheduler([running("a", 900), running("b", 300), running("c", null)]);
  expect(nextBack([one], [on("0", "a"), on("1", "b"), on("2", "c")], "chen")).toEqual({
    at: 300,
    gpu: "1",
    task: "2/b",
  });
});

it("is given back with the last of those that share it", () => {
  const one = scheduler([running("a", 300), running("b", 900), running("c", 600)]);
  const shared = on("0", "a", "b");
  expect(nextBack([one], [shared, on("1", "c")], "chen")).toMatchObject({ at: 600, gpu: "1" });
  expect(nextBack([one], [shared], "chen")).toEqual({ at: 900, gpu: "0", task: "2/b" });
});

it("is none of which nobody knows when it is given back, or which counts for no cap", () => {
  const one = scheduler([running("a", 300), running("b", null)]);
  expect(nextBack([one], [on("0", "a", "b"), card({ index: "1" })], "chen")).toBeNull();
  const kept = { ...on("0", "a"), other_leases: [lease({ user: "chen" })] };
  expect(nextBack([one], [kept], "chen")).toBeNull();
  expect(nextBack([one], [{ ...on("0", "a"), in_range: false }], "chen")).toBeNull();
  expect(nextBack([one], [{ ...on("0", "a"), other_leases: [lease()] }], "chen")?.at).toBe(300);
});
