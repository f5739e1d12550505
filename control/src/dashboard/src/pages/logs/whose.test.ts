import { expect, it } from "vitest";
import type { History, HistoryAttempt } from "@/api/types";
import { nameOf, whoseIn } from "./whose";

const PATH = "/home/me/gpulane/logs/runs/1122-2014/2-1-9f3c21ab.7.log";

it("reads the name of an attempt's log", () => {
  expect(nameOf(PATH)).toEqual({ run: "1122-2014", queue: 2, digest: "9f3c21ab", number: 7 });
  expect(["/x/compete_gpu.log", "/x/2-1-9f3c21a.7.log", "2-1-9f3c21ab.7.log"].map(nameOf)).toEqual([
    null,
    null,
    null,
  ]);
});

const attempt = (number: number, log_path: string) => ({ number, log_path }) as HistoryAttempt;
const history = {
  tasks: [
    { run: "other", run_id: 1, key: "k", attempts: [attempt(7, "/other/7.log")] },
    {
      run: "1122-2014",
      run_id: 2,
      key: "k",
      attempts: [attempt(7, "/elsewhere/7.log"), attempt(9, "/9.log")],
    },
  ],
  runs: [{ run: { id: 2 } }],
} as unknown as History;

it("finds the attempt by its run and number, wherever the folder lies", () => {
  const found = whoseIn(history, PATH, nameOf(PATH), undefined);
  expect(found?.attempt?.log_path).toBe("/elsewhere/7.log");
  expect(found?.run?.run.id).toBe(2);
});

it("finds the task alone of a log that was bound to it", () => {
  expect(whoseIn(history, "/mine.log", null, "k")).toMatchObject({ attempt: null, task: { run: "other" } });
  expect(whoseIn(history, "/mine.log", null, undefined)).toBeNull();
});
