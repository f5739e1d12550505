import { afterEach, expect, it, vi } from "vitest";
import { keep } from "./kept";

afterEach(() => vi.restoreAllMocks());

it("keeps, and takes away", () => {
  expect(keep("a", "1")).toBe(true);
  expect(localStorage.getItem("a")).toBe("1");
  expect(keep("a", null)).toBe(true);
  expect(localStorage.getItem("a")).toBeNull();
});

it("goes on where the browser is full", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  expect(keep("a", "1")).toBe(false);
});
