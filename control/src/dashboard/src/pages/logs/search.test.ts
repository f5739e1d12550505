import { expect, it } from "vitest";
import { canSeek, LONGEST } from "./search";

it("knows what can't be sought, whatever an address says", () => {
  expect(canSeek("😀".repeat(LONGEST))).toBe(true);
  expect(canSeek("x".repeat(LONGEST + 1))).toBe(false);
  expect(canSeek("a\nb")).toBe(false);
});
