import { expect, it } from "vitest";
import type { CardSamples } from "@/api/types";
import { beginOf, linesAt, linesOf, pointOf, rangeOf, spanOf } from "./curves";
import { card, gpus } from "./fixtures";

const samples = (at: number[], use: (number | null)[], used_gb: (number | null)[]) =>
  ({ at, use, used_gb, total_gb: 24 }) as CardSamples;

it("shows an hour where the address says nothing of use", () => {
  expect(["", "7d", "2h", "toString"].map(rangeOf)).toEqual(["1h", "7d", "1h", "1h"]);
});

it("begins at a whole step", () => {
  expect(beginOf("1h", 10_007)).toBe(6_390);
  expect(beginOf("1h", 10_019)).toBe(6_390);
});

it("leaves gaps as they are", () => {
  const lines = linesOf(samples([100, 130, 160], [50, null, 60], [12, null, 6]), null, "1h");
  expect(lines).toEqual({ at: [100, 130, 160], use: [50, null, 60], memory: [50, null, 25] });
});

it("goes on to now", () => {
  const lines = linesOf(samples([100], [50], [12]), { at: 120, use: 70, memory: 60 }, "1h");
  expect(lines).toEqual({ at: [100, 120], use: [50, 70], memory: [50, 60] });
});

it("does not join now to what is long ago", () => {
  const lines = linesOf(samples([100], [50], [12]), { at: 300, use: 70, memory: 60 }, "1h");
  expect(lines.at).toEqual([100, 200, 300]);
  expect(lines.use).toEqual([50, null, 70]);
});

it("adds nothing to nothing, and nothing that is older", () => {
  const now = { at: 120, use: 70, memory: 60 };
  expect(linesOf(undefined, now, "1h").at).toEqual([]);
  expect(linesOf(samples([130], [50], [12]), now, "1h").at).toEqual([130]);
});

it("knows nothing of now of a lost card, or while the driver is silent", () => {
  const one = card({ use: 40, own_used_gb: 12 });
  expect(pointOf(one, gpus([one]))).toEqual({ at: 9_999, use: 40, memory: 50 });
  expect(pointOf(card({ health: "lost" }), gpus([]))).toBeNull();
  expect(pointOf(one, gpus([one], { problem: "it does not answer" }))).toBeNull();
  const simulated = card({ simulated: true });
  expect(pointOf(simulated, gpus([simulated], { problem: "no driver" }))).not.toBeNull();
});

it("says what was at a time, and nothing of a gap", () => {
  const lines = { at: [100, 130, 500], use: [50, 60, null], memory: [10, 20, 30] };
  expect(linesAt(lines, 117, "1h")).toEqual({ use: 60, memory: 20 });
  expect(linesAt(lines, 498, "1h")).toEqual({ use: null, memory: 30 });
  expect(linesAt(lines, 300, "1h")).toEqual({ use: null, memory: null });
});

it("says from where to where a line goes", () => {
  expect(spanOf([null, 4.4, 99.6])).toEqual({ least: 4, most: 100 });
  expect(spanOf([null])).toBeNull();
});
