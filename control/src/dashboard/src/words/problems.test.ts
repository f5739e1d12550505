import { beforeEach, expect, it } from "vitest";
import { words } from ".";
import { problemText } from "./problems";

beforeEach(() => words.changeLanguage("zh"));

it("says it in Chinese, from its facts", () => {
  expect(problemText({ kind: "driver", text: "", facts: { error: "timeout" } })).toBe(
    "显卡驱动没有回应：timeout。",
  );
  expect(problemText({ kind: "history", text: "", facts: { error: "No space." } })).toMatch(/No space。$/);
  const facts = { file: "a.csv", column: "lrr", meant: "lr" };
  expect(problemText({ kind: "column_like", text: "", facts })).toMatch(/你指的是 lr 吗？$/);
});

it("leaves it English where facts or the kind are not known", () => {
  expect(problemText({ kind: "driver", text: "the GPU driver is gone" })).toBe("The GPU driver is gone.");
  expect(problemText({ kind: "of later", text: "odd", facts: {} })).toBe("Odd.");
});
