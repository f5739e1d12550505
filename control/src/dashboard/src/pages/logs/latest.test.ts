import { expect, it } from "vitest";
import type { LogAttempt } from "@/api/types";
import { inOrder, orderOf, shownOf, taskOf } from "./latest";

const log = (queue_id: number, index: number | null, status: string, name: string, error = "") =>
  ({
    queue_id,
    index,
    status,
    name,
    error,
    log_path: `/logs/${queue_id}.log`,
    command_file: "/c.txt",
  }) as LogAttempt;
const all = [
  log(2, 1, "failed", "unet 512", "exit 1"),
  log(3, 0, "running", "midas"),
  log(4, null, "completed", "x"),
];
const names = (state: string, text: string) => shownOf(all, state, text).map((one) => one.name);

it("shows all, or those in a state", () => {
  expect(names("", "")).toHaveLength(3);
  expect(names("failed", "")).toEqual(["unet 512"]);
});

it("finds by each word, in any order", () => {
  expect(names("", "EXIT unet")).toEqual(["unet 512"]);
  expect(names("", "2/1")).toEqual(["unet 512"]);
  expect(names("", "3.log")).toEqual(["midas"]);
  expect(names("running", "unet")).toEqual([]);
});

it("names a task that has left its file by its queue", () => {
  expect(all.map(taskOf)).toEqual(["2/1", "3/0", "4/–"]);
});

it("sorts by size or time, what is gone last; else as they come, failed first", () => {
  const [first, second, third] = all;
  const logs = [
    { ...first, size: 5, mtime: 1 },
    { ...second, size: null, mtime: null },
    { ...third, size: 9, mtime: 3 },
  ] as LogAttempt[];
  const order = (said: string) => inOrder(logs, said).map((one) => one.queue_id);
  expect(order("")).toEqual([2, 3, 4]);
  expect(order("-size")).toEqual([4, 2, 3]);
  expect(order("size")).toEqual([2, 4, 3]);
  expect(order("-when")).toEqual([4, 2, 3]);
  expect(["failed", "name", "-when"].map(orderOf)).toEqual(["-failed", "-failed", "-when"]);
});
