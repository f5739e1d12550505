import { expect, it } from "vitest";
import type { History, HistoryTask, MemoryFigures, QueueFigures, Spread } from "@/api/types";
import {
  configurationOf,
  keyOf,
  lanesOf,
  medianOf,
  memoryLanes,
  readKey,
  rowsInOrder,
  rowsOf,
  tooLittle,
} from "./attempts";
import { meant, NO_FILTER, orderOf, queryOf, sheetOf } from "./data";
import { totals } from "./figures";
import { marks, placeOf, roughly, unitOf, whereIs } from "./scale";

const FILE = "/home/a/command/command_gpu.txt";
const SUBMITTED = "/home/a/command/submitted_gpus.txt";

const attempt = (number: number, more: object = {}) => ({
  number,
  how: "completed",
  gpu_ids: ["0"],
  recorded_at: number,
  ended_at: number * 10,
  seconds: number,
  cause: null,
  ...more,
});
const task = (id: number, queue_id: number, attempts: object[], more: object = {}) =>
  ({ id, queue_id, command_file: FILE, waited: 5, attempts, ...more }) as unknown as HistoryTask;

it("lists attempts, the last that ended first, and none that runs", () => {
  const tasks = [
    task(1, 1, [attempt(1), attempt(4)]),
    task(2, 1, [attempt(3), attempt(5, { how: "running", ended_at: null })]),
  ];
  expect(rowsOf(tasks).map(({ id, tellsWait }) => `${id} ${tellsWait}`)).toEqual([
    "1-4 true",
    "2-3 false",
    "1-1 false",
  ]);
});

it("leaves attempts in the order they come in, and tells a task's wait once", () => {
  const ran = { how: "running", ended_at: null };
  const tasks = [
    task(1, 1, [attempt(4)]),
    task(2, 1, [attempt(6, ran)]),
    task(1, 1, [attempt(1)]),
    task(2, 1, [attempt(5)]),
  ];
  expect(rowsInOrder(tasks).map(({ id, tellsWait }) => `${id} ${tellsWait}`)).toEqual([
    "1-4 true",
    "1-1 false",
    "2-5 true",
  ]);
});

it("asks for another order where there is one, and the usual one without a word", () => {
  expect(["-ran", "waited", "-ended", "", "-began", "--ran"].map(orderOf)).toEqual([
    "-ran",
    "waited",
    null,
    null,
    null,
    null,
  ]);
});

it("counts what it lists, also of pages to come", () => {
  const tasks = [
    task(1, 1, [attempt(1), attempt(2, { how: "failed" }), attempt(3, { how: "stopped" })]),
    task(2, 1, [attempt(4, { how: "running", ended_at: null })]),
  ];
  const figures = { queues: [{ attempts: 9, failed: 5 }] };
  const page = (next: string | null) => [{ tasks, figures, next } as unknown as History];
  expect(totals(page(null))).toEqual({ attempts: rowsOf(tasks).length, failed: 1 });
  expect(totals(page("more"))).toEqual({ attempts: 9, failed: 5 });
});

it("asks for all that is chosen, of the page and of its spreadsheet", () => {
  const said = { ...NO_FILTER, last: "1", queue: "3@/f.txt", gpu: "2", waited: "60-300" };
  const asked = queryOf(said, 100 * 3600 + 5);
  expect(asked).toEqual({
    since: 76 * 3600,
    command_file: "/f.txt",
    queue: 3,
    ended: null,
    task: null,
    run: null,
    gpu: "2",
    waited_from: 60,
    waited_below: 300,
  });
  expect(sheetOf(asked, "-ran").endsWith("&waited_below=300&sort=-ran")).toBe(true);
  expect(sheetOf(asked, null)).toBe(
    `/api/history?format=csv&since=${76 * 3600}&command_file=%2Ff.txt&queue=3&gpu=2&waited_from=60&waited_below=300`,
  );
  expect(queryOf({ ...said, waited: "60-" }, 0)).toMatchObject({ waited_from: 60, waited_below: null });
});

it("takes nonsense in the address for not said", () => {
  const said = { ...NO_FILTER, last: "30", view: "runs", sort: "", task: "any text", gpu: "0:1" };
  const filters = { queue: "3@/f.txt", state: "failed", run: "12", waited: "0.5-" };
  expect(meant({ ...said, ...filters })).toEqual({ ...said, ...filters });
  const wrong = { last: "x", queue: "x@/f", state: "odd", run: "zzz", waited: "a-b" };
  expect(meant({ ...said, ...wrong })).toEqual({ ...said, last: "" });
  expect(meant({ ...said, run: "9".repeat(21) })).toEqual(said);
});

it("names queues in the address, all submitted as one", () => {
  expect(readKey(keyOf(FILE, 3))).toEqual({ file: FILE, queue: 3 });
  expect(readKey(keyOf(SUBMITTED, 3))).toEqual({ file: SUBMITTED, queue: null });
  expect(readKey("nonsense")).toBeNull();
  expect([FILE, "/a/command_gpus_12.txt", SUBMITTED].map(configurationOf)).toEqual([
    { mode: "single", index: 0 },
    { mode: "multi", index: 12 },
    null,
  ]);
});

it("draws a lane a queue", () => {
  const rows = rowsOf([
    task(1, 1, [attempt(2), attempt(4), attempt(9)]),
    task(2, 7, [attempt(5)], { command_file: SUBMITTED }),
    task(3, 8, [attempt(6)], { command_file: SUBMITTED }),
  ]);
  const figures = [{ command_file: FILE, queue_id: 1, queue_name: "cars", ran_median: 4 }] as QueueFigures[];
  expect(lanesOf(rows, figures)).toMatchObject([
    { queue: 1, name: "cars", seconds: [9, 4, 2], median: 4 },
    { queue: null, name: null, seconds: [6, 5], median: 5.5 },
  ]);
  expect(medianOf([])).toBe(0);
});

it("says what asks for too much, and what ran out", () => {
  const memory = [
    { queue_id: 3, peak_gb: 17, declared_gb: 22, suggested_gb: 17.1, needed_gb: 17 },
    { queue_id: 3, peak_gb: 2, declared_gb: 4, suggested_gb: 3.9, needed_gb: 2 },
    { queue_id: 2, peak_gb: 15.9, declared_gb: 16, suggested_gb: 19, needed_gb: 17.2 },
  ].map((one) => ({ command_file: FILE, ...one })) as MemoryFigures[];
  const rows = rowsOf([task(1, 2, [attempt(1, { cause: { kind: "out_of_memory" } })])]);
  const lanes = memoryLanes(memory, [], rows);
  expect(lanes.map(({ queue, declared, ranOut }) => [queue, declared, ranOut])).toEqual([
    [3, 22, 0],
    [2, 16, 1],
  ]);
  expect(lanes[0]?.tooMuch).toBeCloseTo(4.9);
  expect(memory.map(tooLittle)).toEqual([false, false, true]);
});

it("has round marks", () => {
  expect(marks(7.2 * 3_600, "time").map((at) => at / 3_600)).toEqual([0, 2, 4, 6, 8]);
  expect(marks(72, "amount")).toEqual([0, 20, 40, 60, 80]);
  expect(marks(0, "time")).toEqual([0, 1]);
  expect([unitOf(40), unitOf(1_200), unitOf(0, 7_200), unitOf(345_600)]).toEqual([
    { value: 40, unit: "s" },
    { value: 20, unit: "min" },
    { value: 0, unit: "h" },
    { value: 4, unit: "d" },
  ]);
});

it("says estimates no more exactly than they are", () => {
  expect([38.4, 2_050, 5_000].map(roughly)).toEqual([38, 2_040, 5_040]);
  expect(unitOf(roughly(5_000))).toEqual({ value: 1.4, unit: "h" });
});

it("finds a share in a histogram", () => {
  const spread: Spread = {
    count: 10,
    median: 1.5,
    bins: [
      { low: 0, high: 1, count: 4 },
      { low: 1, high: 2, count: 0 },
      { low: 2, high: null, count: 6 },
    ],
  };
  expect(placeOf(spread, 0.2)).toEqual({ bin: 0, within: 0.5, value: 0.5 });
  expect(placeOf(spread, 0.9)).toMatchObject({ bin: 2, value: 2 });
  expect(placeOf({ count: 0, median: null, bins: [] }, 0.5)).toBeNull();
  expect(whereIs(spread, 1.5)).toEqual({ bin: 1, within: 0.5 });
});
