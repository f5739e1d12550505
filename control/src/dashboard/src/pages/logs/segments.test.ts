import { expect, it } from "vitest";
import { linesOf } from "./lines";
import { added, holds, numbered, rowAt, rowsOf, trimmed, type Segment } from "./segments";

/** A file of 100 lines of ten bytes: "line 0001\n". */
const FILE = Array.from({ length: 100 }, (_, at) => `line ${String(at + 1).padStart(4, "0")}\n`).join("");

function read(from: number, to: number, first: number | null = null): Segment {
  const starts = from === 0 || FILE[from - 1] === "\n";
  return { from, to, lines: linesOf(FILE.slice(from, to), from, to, starts), first };
}

const shape = (segments: readonly Segment[]) => segments.map(({ from, to, first }) => [from, to, first]);
const text = (segments: readonly Segment[]) =>
  segments.map((one) => one.lines.map((line) => line.text + (line.ends ? "\n" : "")).join("")).join("…");

it("keeps parts apart, and joins those that touch", () => {
  let held = added([], read(0, 50, 1));
  held = added(held, read(900, 1000));
  expect(shape(held)).toEqual([
    [0, 50, 1],
    [900, 1000, null],
  ]);
  held = added(held, read(800, 900));
  held = added(held, read(50, 100));
  expect(shape(held)).toEqual([
    [0, 100, 1],
    [800, 1000, null],
  ]);
  held = added(held, read(100, 800));
  expect(shape(held)).toEqual([[0, 1000, 1]]);
  expect(text(held)).toBe(FILE);
});

it("joins in the middle of a line", () => {
  const held = added(added([], read(0, 14, 1)), read(14, 30));
  expect(text(held)).toBe(FILE.slice(0, 30));
  expect(held[0]?.lines.map((line) => [line.from, line.to])).toEqual([
    [0, 10],
    [10, 20],
    [20, 30],
  ]);
});

it("takes of what overlaps what is new", () => {
  const two = added(added([], read(100, 200)), read(400, 500));
  for (const [from, to] of [
    [50, 150],
    [150, 450],
    [195, 405],
    [50, 600],
    [120, 180],
    [100, 200],
    [0, 1000],
  ] as const) {
    const held = added(two, read(from, to));
    const bytes = held.reduce((sum, one) => sum + one.to - one.from, 0);
    expect(text(held).replaceAll("…", "")).toHaveLength(bytes);
    for (const one of held) expect(text([one])).toBe(FILE.slice(one.from, one.to));
  }
});

it("counts from a line whose number is known", () => {
  const held = numbered(added(added([], read(0, 30, 1)), read(500, 600)), new Map([[530, 54]]));
  expect(shape(held)).toEqual([
    [0, 30, 1],
    [500, 600, 51],
  ]);
  const rows = rowsOf(held, 1000);
  expect(rows[3]).toEqual({ kind: "gap", from: 30, to: 500, lines: 47 });
  expect(rows[4]).toMatchObject({ number: 51 });
  expect(rows.at(-1)).toEqual({ kind: "gap", from: 600, to: 1000, lines: null });
});

it("counts backwards when what is before is read", () => {
  const held = added([read(500, 600, 51)], read(455, 500));
  expect(rowsOf(held, 600)[1]).toMatchObject({ line: { text: "0046" }, number: 46 });
  expect(rowsOf(held, 600)[2]).toMatchObject({ line: { text: "line 0047" }, number: 47 });
});

it("lets go of what is far", () => {
  const all = added([], read(0, 1000, 1));
  expect(shape(trimmed(all, 990, 300, 50))).toEqual([
    [0, 50, 1],
    [750, 1000, 76],
  ]);
  expect(shape(trimmed(all, 0, 300, 50))).toEqual([[0, 300, 1]]);
  const three = [read(0, 50, 1), read(100, 500, 11), read(900, 1000, 91)];
  expect(shape(trimmed(three, 450, 300, 50))).toEqual([
    [0, 50, 1],
    [250, 500, 26],
  ]);
  expect(shape(trimmed(three, 950, 200, 50))).toEqual([
    [0, 50, 1],
    [450, 500, 46],
    [900, 1000, 91],
  ]);
});

it("finds rows by bytes", () => {
  const held = [read(0, 30, 1), read(500, 600, 51)];
  const rows = rowsOf(held, 1000);
  expect([0, 9, 10, 29, 30, 499, 500, 599, 600, 2_000].map((byte) => rowAt(rows, byte))).toEqual([
    0, 0, 1, 2, 3, 3, 4, 13, 14, 14,
  ]);
  expect([0, 29, 30, 599, 600].map((byte) => holds(held, byte))).toEqual([true, true, false, true, false]);
});
