import { expect, it } from "vitest";
import { block, queue } from "../model/fixture";
import { withNewIds } from "../model/sheet";
import { nodeOf, nodesOf, valueOf } from "./nodes";

it("shows the queues of one configuration, and what can't be read of it first", () => {
  const queues = withNewIds([queue(block("3/0", "a", { name: "x" }), block("3/1", "b"))]);
  const nodes = nodesOf([{ index: 0 }, { index: 2 }], 0, queues, 1);
  expect(nodes.map(({ value, hasChildren }) => [value, hasChildren])).toEqual([
    ["c0", undefined],
    ["c2", true],
  ]);
  expect(nodes[0]?.children?.map(({ value }) => value)).toEqual(["broken", "q3"]);
  expect(nodes[0]?.children?.[1]?.children?.map(({ value }) => value)).toEqual(["t3/0", "t3/1"]);
});

it("knows its nodes again", () => {
  expect(nodeOf(valueOf.configuration(7))).toEqual({ kind: "configuration", index: 7 });
  expect(nodeOf(valueOf.queue(3))).toEqual({ kind: "queue", queue: 3 });
  expect(nodeOf(valueOf.task("3/1"))).toEqual({ kind: "task", label: "3/1" });
  expect(nodeOf(valueOf.broken)).toEqual({ kind: "broken" });
});
