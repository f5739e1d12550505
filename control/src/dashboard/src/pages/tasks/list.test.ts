import { expect, it } from "vitest";
import { LONGEST, wrongIn } from "./list";

it("knows what can't be asked for, whatever an address says", () => {
  expect(wrongIn({ state: "", text: "" })).toBeNull();
  expect(wrongIn({ state: "failed", text: "😀".repeat(LONGEST) })).toBeNull();
  expect(wrongIn({ state: "xyz", text: "" })).toBe("state");
  expect(wrongIn({ state: "", text: "x".repeat(LONGEST + 1) })).toBe("text");
});
