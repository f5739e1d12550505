import { expect, it } from "vitest";
import { overviewOf } from "./overviewRange";
import { ticksOf } from "./ticks";
import { DAY, following, HOUR, moved, Scale, USUAL, viewOf, windowOf, zoomed } from "./view";

const NOW = 1_795_530_727;

it("follows now, and stands in between", () => {
  const view = viewOf({ from: "", span: "" }, NOW);
  expect(view).toEqual(following(NOW, USUAL));
  expect(view.from + 0.7 * view.span).toBeLessThan(NOW);
  expect(view.from + view.span).toBeGreaterThan(NOW + 2 * HOUR);
  const next = following(Math.ceil(NOW / 300) * 300 + 1, USUAL).from;
  expect(next % 300).toBe(0);
  expect(viewOf({ from: "", span: "" }, NOW + 1).from).toBe(view.from);
});

it("takes what the address says, and no nonsense", () => {
  expect(viewOf({ from: "1000", span: "7200" }, NOW)).toEqual({ from: 1000, span: 7200 });
  expect(viewOf({ from: "soon", span: "-4" }, NOW)).toEqual(following(NOW, USUAL));
  expect(viewOf({ from: "9e99", span: "1e99" }, NOW).span).toBe(60 * DAY);
});

it("zooms round the time under the pointer, and has ends", () => {
  const view = { from: NOW - 1_000, span: 2_000 };
  const at = NOW - 500;
  const closer = zoomed(view, 2, at, NOW);
  expect(closer.span).toBe(1_000);
  expect((at - closer.from) / closer.span).toBeCloseTo((at - view.from) / view.span);
  expect(zoomed(view, 1e9, at, NOW).span).toBe(30);
  expect(moved(view, 1e9, NOW).from).toBe(NOW + 7 * DAY - 1_000);
});

it("asks for the same while little is moved", () => {
  const view = { from: NOW - 4 * HOUR, span: 8 * HOUR };
  const { since, until } = windowOf(view);
  expect(since).toBeLessThan(view.from);
  expect(until).toBeGreaterThan(view.from + view.span);
  expect(windowOf({ ...view, from: since + (view.from - since) })).toEqual({ since, until });
  expect((until - since) / view.span).toBeLessThan(5);
});

it("has round times along its axis, and the day where one begins", () => {
  const midnight = new Date(2026, 10, 24).getTime() / 1000;
  const ticks = ticksOf(new Scale({ from: midnight - 2 * HOUR + 60, span: 8 * HOUR }, 1_000), () => "day");
  expect(ticks.map((tick) => tick.label)).toEqual([
    "23:00",
    "day",
    "01:00",
    "02:00",
    "03:00",
    "04:00",
    "05:00",
    "06:00",
  ]);
  const close = ticksOf(new Scale({ from: midnight + HOUR, span: 30 }, 1_000), () => "day");
  expect(close[1]?.label).toBe("01:00:05");
});

it("gives an overview of the last day, or of what is looked at", () => {
  expect(overviewOf(following(NOW, 24 * HOUR), NOW).isLastDay).toBe(true);
  const { range, isLastDay } = overviewOf({ from: NOW - 10 * DAY, span: DAY }, NOW);
  expect(isLastDay).toBe(false);
  expect(range.from).toBeLessThan(NOW - 10 * DAY);
  expect(range.from + range.span).toBeGreaterThan(NOW);
});
