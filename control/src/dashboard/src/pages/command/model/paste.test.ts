import { expect, it } from "vitest";
import { withBlocks } from "./paste";

it("puts blocks behind a line, with blank lines round them", () => {
  expect(withBlocks("1\na\n1\n\n2\nb\n1\n", "\n1\nnew\n1\n\n", 3)).toBe("1\na\n1\n\n1\nnew\n1\n\n2\nb\n1\n");
  expect(withBlocks("1\na\n1", "1\nnew\n1")).toBe("1\na\n1\n\n1\nnew\n1\n");
  expect(withBlocks("", "1\nnew\n1")).toBe("1\nnew\n1\n");
  expect(withBlocks("1\r\na\r\n1\r\n", "1\nb\n1")).toBe("1\r\na\r\n1\r\n\r\n1\r\nb\r\n1\r\n");
});
