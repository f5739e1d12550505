import { expect, it } from "vitest";
import { ticks } from "./edge";

it("puts places together that can't be told apart", () => {
  expect(ticks([0, 1, 500, 999, 1000], 1000, 10)).toEqual([
    { at: 0, count: 2 },
    { at: 0.5, count: 1 },
    { at: 0.9, count: 2 },
  ]);
  expect(ticks([1, 2], 0, 10)).toEqual([]);
});
