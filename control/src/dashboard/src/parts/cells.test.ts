import { expect, it } from "vitest";
import { cellsOf } from "./cells";
import type { Status } from "@/api/types";

const listed = (index: number, status: Status) => ({ index, in_file: true, state: { status } });

it("takes listed tasks as they are, and the others from the counts", () => {
  const queue = {
    total: 7,
    current: 3,
    counts: { completed: 2, failed: 1, running: 1, held: 1, pending: 2 },
    tasks: [listed(3, "running"), listed(5, "held")],
  };
  expect(cellsOf(queue)).toEqual([
    "completed",
    "completed",
    "failed",
    "running",
    "pending",
    "held",
    "pending",
  ]);
});

it("counts what has left the file nowhere", () => {
  const gone = { index: 0, in_file: false, state: { status: "running" as Status } };
  expect(cellsOf({ total: 1, current: 0, counts: { pending: 1 }, tasks: [gone] })).toEqual(["pending"]);
});
