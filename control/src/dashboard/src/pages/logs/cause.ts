/** Why an attempt ended as it did, in one sentence, and what comes next. Pure. */
import type { TFunction } from "i18next";
import type { Cause, HistoryAttempt, HistoryTask } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { signalName } from "@/format/signal";
import { clock, duration } from "@/format/time";
import { words } from "@/words";
import { errorOf, killerInChinese, signalInChinese } from "@/words/causes";
import { sentence as inFull } from "@/words/reasons";

export interface Said {
  /** "Out of memory:", or a whole sentence where nothing follows. */
  readonly title: string;
  readonly text: string;
  /** Words of a program, shown as such. */
  readonly code: string;
  readonly next: string;
}

/** `lastError`: the last line of the log that says what went wrong. */
export function causeOf(
  task: HistoryTask,
  attempt: HistoryAttempt,
  lastError: string | undefined,
  t: TFunction,
): Said | null {
  const { cause } = attempt;
  if (!cause) return null;
  return { ...sentence(cause, attempt, lastError, t), next: nextOf(task, attempt, t) };
}

function sentence(cause: Cause, attempt: HistoryAttempt, lastError: string | undefined, t: TFunction) {
  const whole = (title: string) => ({ title, text: "", code: "" });
  switch (cause.kind) {
    case "out_of_memory":
      return { title: t("logs.cause.memory"), text: memory(cause, attempt, t), code: "" };
    case "exit":
      if (cause.code === 127 || cause.code === 126)
        return {
          title: t(cause.code === 127 ? "logs.cause.notFound" : "logs.cause.notExecutable"),
          text: "",
          code: bare(lastError ?? cause.command ?? ""),
        };
      return ended(t("logs.cause.exit", { code: cause.code }), cause.command, lastError, t);
    case "signal":
      return ended(t("logs.cause.signal", { name: signalOf(cause.signal) }), cause.command, undefined, t);
    case "timeout":
      return whole(
        cause.seconds == null
          ? t("logs.cause.timeout")
          : t("logs.cause.timeoutOf", { time: duration(cause.seconds) }),
      );
    case "killed":
      return whole(t("logs.cause.killed", { who: isChinese() ? killerInChinese(cause.by) : cause.by }));
    case "stopped":
      return whole(t("logs.cause.stopped"));
    case "lost":
      return whole(t(cause.reboot ? "logs.cause.reboot" : "logs.cause.lost"));
    case "not_launched":
      return { title: t("logs.cause.notLaunched"), text: "", code: bare(cause.error) };
    default:
      return whole(inFull(errorOf(attempt.error ?? "", cause)));
  }
}

const isChinese = () => words.language === "zh";

function signalOf(signal: number): string {
  return isChinese() ? signalInChinese(signal) : (signalName(signal) ?? `signal ${signal}`);
}

function ended(
  title: string,
  command: string | null | undefined,
  lastError: string | undefined,
  t: TFunction,
) {
  if (lastError) return { title: `${title}${t("logs.cause.colon")}`, text: "", code: bare(lastError) };
  if (!command) return { title: `${title}${t("logs.cause.stop")}`, text: "", code: "" };
  return { title, text: t("logs.cause.in"), code: command };
}

function memory(
  cause: Extract<Cause, { kind?: "out_of_memory" }>,
  attempt: HistoryAttempt,
  t: TFunction,
): string {
  const peak = cause.peak_gb ?? attempt.peak_gb;
  const asked = attempt.asked_gb;
  const held =
    asked === null
      ? t("logs.cause.hadCard")
      : peak === null
        ? t("logs.cause.asked", { asked: gb(asked) })
        : t("logs.cause.held", { peak: measuredGb(peak), asked: gb(asked) });
  const wanted = cause.tried_gb == null ? "" : t("logs.cause.wanted", { tried: cause.tried_gb.toFixed(2) });
  return `${held}${wanted}${t("logs.cause.stop")}`;
}

function nextOf(task: HistoryTask, attempt: HistoryAttempt, t: TFunction): string {
  const next = task.attempts.find((one) => one.attempt === attempt.attempt + 1);
  if (next) {
    const values = {
      number: next.attempt,
      gpus: next.gpu_ids.join(t("lists.comma")),
      asked: next.asked_gb === null ? "" : gb(next.asked_gb),
    };
    const isMore = next.asked_gb !== attempt.asked_gb && next.asked_gb !== null && next.gpu_ids.length > 0;
    const isRunning = next.how === "running";
    if (isMore) return t(isRunning ? "logs.then.asks" : "logs.then.asked", values);
    if (next.gpu_ids.length) return t(isRunning ? "logs.then.runs" : "logs.then.ran", values);
    return t(isRunning ? "logs.then.runsNow" : "logs.then.followed", values);
  }
  if (task.state.status === "backoff") return t("logs.then.backoff", { at: clock(task.state.until) });
  if (task.state.status === "failed") return t("logs.then.none");
  return "";
}

/** The sentence has a full stop of its own. */
function bare(text: string): string {
  return text.replace(/\.$/, "");
}
