import { expect, it } from "vitest";
import type { Task, TaskSummary } from "@/api/types";
import { words } from "@/words";
import { reasonOf } from "./said";

it("says of a task that was submitted so that it was, and knows no file of it", () => {
  const task = { state: "held", reason: "held by the command file" } as TaskSummary;
  const live = (by: string) => ({ state: { status: "held", by, since: 1 } }) as unknown as Task;
  expect(reasonOf(task, live("file"), words.t)).toMatch(/^Submitted as held/);
  expect(reasonOf({ ...task, reason: "held by chen" }, live("chen"), words.t)).toBe("Held by chen.");
});
