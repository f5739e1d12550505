import { expect, it } from "vitest";
import { byRow, Cover, firstAfter, packed } from "./pack";

const range = (start: number, end: number) => ({ start, end });
const said = (items: { start: number; end: number }[]) =>
  packed(items).map(({ start, row, rows }) => `${start}: ${row} of ${rows}`);

it("gives the whole lane to what is alone", () => {
  expect(said([range(0, 100), range(100, 200), range(300, 400)])).toEqual([
    "0: 0 of 1",
    "100: 0 of 1",
    "300: 0 of 1",
  ]);
});

it("splits it for those that share it, as long as they do", () => {
  expect(said([range(0, 300), range(50, 100), range(100, 200), range(400, 500)])).toEqual([
    "0: 0 of 2",
    "50: 1 of 2",
    "100: 1 of 2",
    "400: 0 of 1",
  ]);
});

it("takes clocks that differ by a moment for one after the other", () => {
  expect(said([range(0, 100.5), range(100, 200)])).toEqual(["0: 0 of 1", "100: 0 of 1"]);
});

it("has at most sixteen rows, and each keeps its order", () => {
  const slots = packed(Array.from({ length: 40 }, (_, at) => range(at, 1_000 + at)));
  expect(Math.max(...slots.map((slot) => slot.rows))).toBe(16);
  for (const row of byRow(slots))
    expect(row.map((slot) => slot.start)).toEqual(row.map((slot) => slot.start).toSorted((a, b) => a - b));
});

it("finds the first that ends later", () => {
  const slots = [range(0, 10), range(10, 20), range(30, 40)];
  expect([0, 10, 25, 40].map((time) => firstAfter(slots, time))).toEqual([0, 1, 2, 3]);
});

it("knows what is free", () => {
  const cover = new Cover();
  expect(cover.take(range(10, 20))).toEqual([range(10, 20)]);
  expect(cover.take(range(30, 40))).toEqual([range(30, 40)]);
  expect(cover.take(range(0, 50))).toEqual([range(0, 10), range(20, 30), range(40, 50)]);
  expect(cover.take(range(5, 45))).toEqual([]);
  expect(cover.take(range(50, Infinity))).toEqual([range(50, Infinity)]);
  expect(cover.take(range(60, Infinity))).toEqual([]);
});
