import { expect, it } from "vitest";
import { lanesOf } from "./lanes";
import { bar, NOW, task, timeline } from "./made";
import { barOf, hitAt, inSight, isEmpty, nextFrom, placed, within, type Hit } from "./place";
import { rowsInView } from "./rowsInView";
import { Scale } from "./view";

const lanes = lanesOf(
  timeline({
    tasks: [task(1, "1/0"), task(2, "2/0"), task(3, "1/1")],
    bars: [
      bar(1, 1_000, 2_000),
      bar(2, 1_500, 3_000),
      bar(3, 5_000, 5_001),
      bar(3, 9_000, null, { attempt: 2 }),
    ],
  }),
  new Map(),
  [],
);
const { all, height } = placed(lanes.gpus, lanes.queues);
/** Ten seconds a pixel. */
const scale = new Scale({ from: 0, span: 12_000 }, 1_200);
const name = (hit: Hit | null) =>
  hit?.slot.item.kind === "attempt" ? `${hit.slot.item.task.task}.${hit.slot.item.bar.attempt}` : null;
const at = (x: number, y: number) => name(hitAt(all, scale, NOW, { x, y }));

it("puts lanes below one another, with a head for each set", () => {
  expect(all.map(({ kind, top, height }) => [kind, top, height])).toEqual([
    ["section", 0, 26],
    ["lane", 26, 40],
    ["section", 66, 26],
    ["lane", 92, 35],
    ["lane", 127, 35],
  ]);
  expect(height).toBe(162);
  expect(within(all, 100, 110)).toHaveLength(1);
});

it("splits a lane's height", () => {
  expect(barOf({ row: 0, rows: 1 }, 40)).toEqual({ y: 5, h: 30 });
  expect(barOf({ row: 1, rows: 2 }, 40)).toEqual({ y: 21, h: 16 });
});

it("finds what lies at a point, by its row", () => {
  expect(at(160, 35)).toBe("1/0.1");
  expect(at(160, 57)).toBe("2/0.1");
  expect(at(160, 100)).toBe("1/0.1");
  expect(at(160, 10)).toBeNull();
  expect(at(400, 40)).toBeNull();
});

it("hits what is short beside it, and what runs no further than now", () => {
  expect(at(495, 46)).toBe("1/1.1");
  expect(at(505, 46)).toBe("1/1.1");
  expect(at(480, 46)).toBeNull();
  expect(at(990, 46)).toBe("1/1.2");
  expect(at(1_100, 46)).toBeNull();
});

it("draws no more than is in sight", () => {
  const close = new Scale({ from: 2_500, span: 100 }, 1_000);
  expect([...inSight(lanes.gpus[0]?.rows ?? [], close)].map(({ start }) => start)).toEqual([1_500]);
});

it("knows when there is nothing to see", () => {
  expect(isEmpty(all, scale)).toBe(false);
  expect(isEmpty(all, new Scale({ from: 6_000, span: 1_000 }, 1_000))).toBe(true);
});

it("goes along a lane and between lanes by key", () => {
  const first = hitAt(all, scale, NOW, { x: 160, y: 35 });
  const next = nextFrom(all, scale, first, "right");
  expect(name(next)).toBe("2/0.1");
  expect(name(nextFrom(all, scale, next, "left"))).toBe("1/0.1");
  expect(name(nextFrom(all, scale, first, "left"))).toBe("1/0.1");
  expect(nextFrom(all, scale, first, "down")?.placed.top).toBe(92);
  expect(name(nextFrom(all, scale, null, "down"))).toBe("1/1.2");
});

it("tells the same as rows, the newest first and each once", () => {
  const { rows, more } = rowsInView(lanes, scale, NOW, 3);
  expect(rows.map(({ item }) => item.start)).toEqual([9_000, 5_000, 1_500]);
  expect(more).toBe(1);
});
