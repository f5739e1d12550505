import { expect, it } from "vitest";
import { offers } from "./complete";
import { firstEndingFrom, inBlock } from "./edges";
import { smallest } from "./smallest";

const labels = (before: string) =>
  offers(before, (option) => option, ["NVIDIA A100", "T4"])?.options.map(({ apply }) => apply);

it("offers options that are not there yet, and their values", () => {
  expect(labels("#LANE ")).toContain("timeout=");
  expect(labels("#LANE timeout=1h re")).toContain("retries=");
  expect(labels("#LANE timeout=1h ")).not.toContain("timeout=");
  expect(labels("#LANE ho")).toContain("hold");
  expect(labels("#LANE on_failure=")).toEqual(["stop", "continue"]);
  expect(labels("#LANE model=")).toEqual(['"NVIDIA A100"', "T4"]);
});

it("offers nothing elsewhere", () => {
  expect(labels("python train.py ")).toBeUndefined();
  expect(labels("#LANE hold # because ")).toBeUndefined();
  expect(labels("#LANE retries=")).toBeUndefined();
});

it("finds the block of a line", () => {
  const blocks: [number, number][] = [
    [1, 3],
    [6, 9],
  ];
  expect([0, 1, 3, 4, 9, 10].map((line) => inBlock(blocks, line))).toEqual([
    false,
    true,
    true,
    false,
    true,
    false,
  ]);
  expect(firstEndingFrom(blocks, 4)).toBe(1);
});

it("finds the one change between two texts", () => {
  expect(smallest("abcd", "abXd")).toEqual({ from: 2, to: 3, insert: "X" });
  expect(smallest("aa", "aaa")).toEqual({ from: 2, to: 2, insert: "a" });
  expect(smallest("same", "same")).toEqual({ from: 4, to: 4, insert: "" });
});
