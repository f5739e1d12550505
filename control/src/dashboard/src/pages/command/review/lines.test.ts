import { expect, it } from "vitest";
import { counts, folded, rowsOf } from "./lines";

const told = (before: string, after: string) =>
  rowsOf(before, after).map(({ kind, text }) => ({ same: " ", old: "-", new: "+" })[kind] + text);

it("tells lines apart", () => {
  expect(told("a\nb\nc\n", "a\nB\nc\nd\n")).toEqual([" a", "-b", "+B", " c", "+d"]);
  expect(told("", "a\n")).toEqual(["+a"]);
  expect(told("a\r\nb\r\n", "a\r\nb\r\n")).toEqual([" a", " b"]);
  expect(counts(rowsOf("a\nb\n", "b\nc\nd\n"))).toEqual({ added: 2, left: 1 });
});

it("numbers them on both sides", () => {
  expect(rowsOf("a\nb\n", "x\nb\n").map((row) => [row.old, row.new])).toEqual([
    [1, null],
    [null, 1],
    [2, 2],
  ]);
});

it("leaves out what is far from any change", () => {
  const many = Array.from({ length: 30 }, (_, at) => `line ${at}`);
  const after = many.with(15, "other").join("\n");
  const rows = folded(rowsOf(many.join("\n"), after));
  expect(rows.map((row) => (row.kind === "gap" ? row.lines : row.kind))).toEqual([
    12,
    "same",
    "same",
    "same",
    "old",
    "new",
    "same",
    "same",
    "same",
    11,
  ]);
});

it("keeps its head with very many lines", () => {
  const many = Array.from({ length: 70_000 }, (_, at) => `line ${at}`).join("\n");
  expect(counts(rowsOf(many, `${many}\nmore`)).added).toBeGreaterThan(0);
});
