import { expect, it } from "vitest";
import { cured, curesOf, offsetOf } from "./cures";

const fault = (line: number, column: number, problem: string, hint: string) => ({
  file: "f",
  line,
  column,
  problem,
  hint,
});
const after = (text: string, ...of: Parameters<typeof fault>) =>
  curesOf(text, fault(...of)).map((cure) => [cure.to, cured(text, cure)]);

it("counts characters, not their halves, and no byte order mark", () => {
  expect(offsetOf("\ufeffab\ncd", 1, 2)).toBe(2);
  expect(offsetOf("a\n😀b", 2, 2)).toBe(4);
  expect(offsetOf("a", 9, 1)).toBe(1);
});

it("puts the near word in the place of a misspelt one", () => {
  expect(
    after("1\n#LANE retrys=3\na\n1\n", 2, 7, "'retrys' is no #LANE option", "did you mean retries?"),
  ).toEqual([["retries", "1\n#LANE retries=3\na\n1\n"]]);
  expect(after("#LANE envv.A=3", 1, 7, "'envv.A' is no #LANE option", "did you mean env.NAME?")).toEqual([]);
});

it("mends a misspelt #LANE", () => {
  const hint = "begin it with #LANE";
  expect(
    after("# lane name=a", 1, 1, "options are not read from a comment that begins with 'lane'", hint),
  ).toEqual([["#LANE", "#LANE name=a"]]);
  expect(
    after("#LANEname=a", 1, 1, "options are not read from a comment that begins with 'LANEname'", hint),
  ).toEqual([["#LANE", "#LANE name=a"]]);
});

it("offers the units of a time", () => {
  expect(
    after("#LANE timeout=90", 1, 7, "timeout: '90' is no time with its unit", "write 90s, 90m or 90h"),
  ).toEqual([
    ["90s", "#LANE timeout=90s"],
    ["90m", "#LANE timeout=90m"],
    ["90h", "#LANE timeout=90h"],
  ]);
});

it("closes a verbatim part, and writes digits", () => {
  expect(
    after("1\n```\na", 2, 1, "the verbatim part that begins here has no end", "close it with a line of ```"),
  ).toEqual([["```", "1\n```\na\n```\n"]]);
  expect(after("１\na\n1", 1, 1, "the queue id '１' is written in full-width digits", "write 1")).toEqual([
    ["1", "1\na\n1"],
  ]);
});

it("has none for others", () => {
  expect(curesOf("a", fault(1, 1, "the block is only a queue id", "end it with a number of GB"))).toEqual([]);
  expect(curesOf("", fault(0, 0, "there is no task in it", ""))).toEqual([]);
});
