import { expect, it } from "vitest";
import type { LogAttempt } from "@/api/types";
import { shownOf, taskOf } from "./latest";

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
