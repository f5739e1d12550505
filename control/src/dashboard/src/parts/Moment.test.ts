import { expect, it } from "vitest";
import { clock } from "@/format/time";
import { moment } from "./Moment";

const NOW = 1_764_000_000;

it("is the time of day, or how long ago it was, as is wanted", () => {
  expect(moment(NOW - 125, NOW, false)).toBe(clock(NOW - 125, NOW));
  expect(moment(NOW - 125, NOW, true)).toBe("2 min ago");
});

it("counts no weeks, and nothing that comes", () => {
  expect(moment(NOW - 8 * 86_400, NOW, true)).toBe(clock(NOW - 8 * 86_400, NOW));
  expect(moment(NOW + 60, NOW, true)).toBe(clock(NOW + 60, NOW));
});
