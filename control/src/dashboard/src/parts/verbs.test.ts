import { afterEach, expect, it } from "vitest";
import type { Scheduler } from "@/api/types";
import { words } from "@/words";
import { dismissalOf } from "./verbs";

afterEach(() => words.changeLanguage("en"));

const said = (running: string[], unfinished: number) =>
  dismissalOf({ left: { running, unfinished, resume: "" } } as unknown as Scheduler, words.t);

it("names what runs on when a dead scheduler is dismissed", async () => {
  expect(said(["1/0", "3/1"], 5)).toBe(
    "Its state is forgotten. History keeps what it did. 1/0, 3/1 run on, and the next start of their file finds them again. 3 tasks that it left and that do not run wait for the next start of their file.",
  );
  expect(said(["1/0"], 1)).toMatch(/ 1\/0 runs on, .* finds it again\.$/);
  await words.changeLanguage("zh");
  expect(said(["1/0", "3/1"], 3)).toBe(
    "它的状态将被忘掉。历史中仍有记录。1/0、3/1 继续运行，其文件下次启动时会重新找到它们。它留下的、没有在运行的 1 个任务等待其文件下次启动。",
  );
});

it("says no more than is left", () => {
  expect(said([], 0)).toBe("Its state is forgotten. History keeps what it did.");
  expect(dismissalOf({} as Scheduler, words.t)).toBe("Its state is forgotten. History keeps what it did.");
});
