import { expect, it } from "vitest";
import { marked, rangesIn } from "./highlight";
import { linesOf, type Line } from "./lines";

function line(text: string, from = 0): Line {
  const [first] = linesOf(text, from, from + new TextEncoder().encode(text).length, true);
  if (!first) throw new Error("no line");
  return first;
}
const words = (query: string, isCase = false) => ({ query, case: isCase, regex: false });
const shown = (one: Line, ranges: ReturnType<typeof rangesIn>) =>
  marked(one, ranges).map(({ text, mark }) => [text, mark]);

it("marks all of a line, and the one that was gone to", () => {
  const one = line("Out of memory, out of memory", 100);
  const ranges = rangesIn(one, words("out of memory"), [], { from: 100, to: 113 });
  expect(shown(one, ranges)).toEqual([
    ["Out of memory", "current"],
    [", ", null],
    ["out of memory", "hit"],
  ]);
  expect(rangesIn(one, words("out", true), [], undefined)).toHaveLength(1);
});

it("takes words as they are", () => {
  expect(rangesIn(line("a.b a+b (x"), words("a+b"), [], undefined)).toEqual([
    { from: 4, to: 7, mark: "hit" },
  ]);
  expect(rangesIn(line("(x"), words("(x"), [], undefined)).toHaveLength(1);
});

it("marks across colours", () => {
  const one = line("a\x1b[31mbc\x1b[0md");
  const ranges = [{ from: 0, to: 8, mark: "hit" as const }];
  expect(shown(one, ranges)).toEqual([
    ["a", "hit"],
    ["bc", "hit"],
    ["d", null],
  ]);
});

it("takes the console's places for a pattern", () => {
  const one = line("中中 loss 0.3", 10);
  const place = { from: 17, to: 21 };
  const ranges = rangesIn(one, { query: "l..s", case: false, regex: true }, [place], place);
  expect(shown(one, ranges)).toEqual([
    ["中中 ", null],
    ["loss", "current"],
    [" 0.3", null],
  ]);
});

it("marks nothing where nothing is sought", () => {
  expect(rangesIn(line("x"), null, [], undefined)).toEqual([]);
  expect(rangesIn(line("x"), { errors: true }, [], undefined)).toEqual([]);
});
