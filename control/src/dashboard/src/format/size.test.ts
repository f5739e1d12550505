import { expect, it } from "vitest";
import { count, size } from "./size";

it("says a size with three digits at most", () => {
  expect([0, 820, 999, 1_000, 2_516_582, 104_857_600, 10_737_418_240].map(size)).toEqual([
    "0 B",
    "820 B",
    "999 B",
    "1 KB",
    "2.4 MB",
    "100 MB",
    "10 GB",
  ]);
});

it("groups digits", () => {
  expect(count(18_396)).toBe("18,396");
});
