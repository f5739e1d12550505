import { expect, it } from "vitest";
import { nextSort, sorted, sortOf } from "./sorting";

it("reads the address, and takes nonsense for not said", () => {
  expect(sortOf("-free", ["free", "use"])).toEqual({ by: "free", most: true });
  expect(sortOf("use", ["free", "use"])).toEqual({ by: "use", most: false });
  expect(sortOf("colour", ["free", "use"])).toBeNull();
  expect(sortOf("--use", ["free", "use"])).toBeNull();
});

it("goes from the most to the least, and back to the usual order", () => {
  expect(nextSort("", "use")).toBe("-use");
  expect(nextSort("-use", "use")).toBe("use");
  expect(nextSort("use", "use")).toBe("");
  expect(nextSort("-free", "use")).toBe("-use");
});

it("says nothing in the address where it comes to the usual order", () => {
  expect(nextSort("", "ended", "-ended")).toBe("ended");
  expect(nextSort("ended", "ended", "-ended")).toBe("");
  expect(nextSort("-ran", "ended", "-ended")).toBe("");
  expect(nextSort("ran", "ran", "-ended")).toBe("");
});

it("leaves equal ones as they were, and puts last what is not known", () => {
  const rows: [string, number | null][] = [
    ["a", 2],
    ["b", null],
    ["c", 5],
    ["d", 2],
  ];
  const names = (most: boolean) => sorted(rows, most, ([, value]) => value).map(([name]) => name);
  expect(names(true)).toEqual(["c", "a", "d", "b"]);
  expect(names(false)).toEqual(["a", "d", "c", "b"]);
});
