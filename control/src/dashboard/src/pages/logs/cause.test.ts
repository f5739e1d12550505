import { afterEach, expect, it } from "vitest";
import type { Cause, HistoryAttempt, HistoryTask } from "@/api/types";
import { words } from "@/words";
import { causeOf } from "./cause";

afterEach(() => words.changeLanguage("en"));

const attempt = (cause: Cause | null, more: Partial<HistoryAttempt> = {}) =>
  ({
    attempt: 1,
    number: 1,
    gpu_ids: ["7"],
    asked_gb: 16,
    peak_gb: 15.9,
    how: "failed",
    cause,
    ...more,
  }) as HistoryAttempt;
const task = (attempts: HistoryAttempt[], state: object = { status: "failed" }) =>
  ({ attempts, state }) as unknown as HistoryTask;

function said(one: HistoryAttempt, of = task([one]), lastError?: string): string {
  const cause = causeOf(of, one, lastError, words.t);
  return cause ? [cause.title, cause.text, cause.code, cause.next].filter(Boolean).join(" ") : "";
}

const memory: Cause = { kind: "out_of_memory", code: 1, peak_gb: 15.9, tried_gb: 2.5 };

it("says what was held and wanted, and what comes next", async () => {
  const first = attempt(memory);
  const next = attempt(null, { attempt: 2, gpu_ids: ["5"], asked_gb: 19, how: "running" });
  expect(said(first, task([first, next]))).toBe(
    "Out of memory: it held 15.9 GB of the 16 GB it asked for and wanted 2.50 GB more. Attempt 2 asks for 19 GB and runs on GPU 5.",
  );
  await words.changeLanguage("zh");
  expect(said(first, task([first, next]))).toBe(
    "显存不足： 它占用了 15.9 GB，要求的是 16 GB，还需要 2.50 GB。 第 2 次尝试要求 19 GB，在 GPU 5 上运行。",
  );
});

it("says less where less is known", () => {
  const bare: Cause = { kind: "out_of_memory", code: 1, peak_gb: null, tried_gb: null };
  expect(said(attempt(bare, { peak_gb: null }))).toBe(
    "Out of memory: it asked for 16 GB. It is not tried again by itself.",
  );
  expect(said(attempt(bare, { asked_gb: null }))).toMatch(/^Out of memory: it had whole cards\./);
});

it("takes the log's own words for an exit", () => {
  const one = attempt({ kind: "exit", code: 1, command: "python a.py" });
  expect(said(one, task([one]), "FileNotFoundError: val.json.")).toBe(
    "Exit 1: FileNotFoundError: val.json It is not tried again by itself.",
  );
  expect(said(one)).toBe("Exit 1 in python a.py It is not tried again by itself.");
  expect(said(attempt({ kind: "exit", code: 127, command: "pyton" }))).toMatch(/^Command not found: pyton/);
});

it("says when it is tried again", () => {
  const one = attempt({ kind: "signal", signal: 9, command: null });
  expect(said(one, task([one], { status: "backoff", until: 0 }))).toMatch(
    /^Ended by SIGKILL\. It is tried again at .*\.$/,
  );
});

it.each([
  [{ kind: "timeout", seconds: 3600 }, "Stopped after its timeout of 1 h 00 min."],
  [{ kind: "killed", by: "chen" }, "Killed by chen."],
  [{ kind: "stopped" }, "Stopped with its scheduler."],
  [{ kind: "lost", reboot: true }, "Lost when the machine restarted."],
  [{ kind: "not_launched", error: "no disk." }, "It could not be started: no disk"],
] as [Cause, string][])("%o has its sentence", (cause, sentence) => {
  const one = attempt(cause);
  expect(said(one, task([one], { status: "cancelled" }))).toBe(sentence);
});

it("says in Chinese who ended it", async () => {
  await words.changeLanguage("zh");
  const ended = (cause: Cause) => said(attempt(cause), task([], { status: "cancelled" }));
  expect(ended({ kind: "killed", by: "its user" })).toBe("被其用户终止。");
  expect(ended({ kind: "killed", by: "chen" })).toBe("被 chen 终止。");
  expect(ended({ kind: "signal", signal: 40, command: null })).toBe("被信号 40 结束。");
});

it("says nothing of what went well", () => {
  expect(said(attempt(null))).toBe("");
});
