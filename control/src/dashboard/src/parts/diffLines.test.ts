import { expect, it } from "vitest";
import { countsOf, diffLines, type DiffLine } from "./diffLines";

const signs = { same: " ", gone: "-", new: "+", skipped: "~" };
const told = (lines: DiffLine[]) =>
  lines.map((line) => `${signs[line.kind]}${line.kind === "skipped" ? line.count : line.text}`);

it("is nothing for equal texts, but how many lines they have", () => {
  expect(told(diffLines("a\nb\n", "a\nb\n"))).toEqual(["~2"]);
  expect(told(diffLines("", ""))).toEqual([]);
});

it("says gone before new, and keeps lines around", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n";
  const lines = diffLines(before, before.replace("5", "five"), 1);
  expect(told(lines)).toEqual(["~3", " 4", "-5", "+five", " 6", "~2"]);
  expect(countsOf(lines)).toEqual({ added: 1, gone: 1 });
});

it("finds what both have in between", () => {
  expect(told(diffLines("a\nb\nc\nd\n", "a\nx\nc\ny\nd\n"))).toEqual([" a", "-b", "+x", " c", "+y", " d"]);
});

it("numbers lines from 1, each in its own text", () => {
  const found = diffLines("a\n", "b\na\n");
  expect(found).toEqual([
    { kind: "new", after: 1, text: "b" },
    { kind: "same", before: 1, after: 2, text: "a" },
  ]);
});

it("says so of texts that are too long to be compared in full", () => {
  const many = (letter: string) => Array.from({ length: 2_100 }, (_, line) => `${letter}${line}`).join("\n");
  const lines = diffLines(many("a"), many("b"));
  expect(countsOf(lines)).toEqual({ added: 2_100, gone: 2_100 });
});
