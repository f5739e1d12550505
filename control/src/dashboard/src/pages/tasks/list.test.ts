import { expect, it } from "vitest";
import { LONGEST, orderOf, wrongIn } from "./list";

it("knows what can't be asked for, whatever an address says", () => {
  expect(wrongIn({ state: "", text: "" })).toBeNull();
  expect(wrongIn({ state: "failed", text: "😀".repeat(LONGEST) })).toBeNull();
  expect(wrongIn({ state: "xyz", text: "" })).toBe("state");
  expect(wrongIn({ state: "", text: "x".repeat(LONGEST + 1) })).toBe("text");
});

it("sorts by what there is to sort by, else the newest first", () => {
  expect(["took", "-memory", "", "name", "--id"].map(orderOf)).toEqual([
    "took",
    "-memory",
    "-id",
    "-id",
    "-id",
  ]);
});
