/** What queues, files and causes are called. */
import type { TFunction } from "i18next";
import type { HistoryAttempt } from "@/api/types";
import { fileName, isSubmitted } from "@/parts/schedulers";
import { words } from "@/words";
import { errorOf } from "@/words/causes";
import { configurationOf } from "./attempts";
import { unitOf } from "./scale";

/** "1 cars"; null: all that was submitted. */
export function queueName(queue: number | null, name: string | null, t: TFunction): string {
  return queue === null ? t("history.submitted") : `${queue} ${name ?? ""}`.trim();
}

/** "single · 0", or the file's name. */
export function shortFile(file: string, t: TFunction): string {
  if (isSubmitted(file)) return t("history.submitted");
  const found = configurationOf(file);
  return found
    ? t("scheduler.short", { mode: t(`modes.${found.mode}`), index: found.index })
    : fileName(file);
}

/** Why it failed, without a full stop. */
export function causeOf({ cause, error, how }: HistoryAttempt, t: TFunction): string {
  if (cause?.kind === "out_of_memory") return t("history.outOfMemory");
  if (how === "no end known") return t("history.noEnd");
  return errorOf(error ?? "", cause);
}

/** "20 min", as axes have it. */
export function mark(seconds: number, step?: number): string {
  const { value, unit } = unitOf(seconds, step);
  return value === 0 ? "0" : `${value} ${unitWord(unit)}`;
}

const ZH_UNITS = { s: "秒", min: "分钟", h: "小时", d: "天" };

function unitWord(unit: keyof typeof ZH_UNITS): string {
  return words.language === "zh" ? ZH_UNITS[unit] : unit;
}

/** "1 min to 2 min". */
export function rangeName({ low, high }: { low: number; high: number | null }, t: TFunction): string {
  const from = mark(low);
  return high === null || high === Infinity
    ? t("history.from", { from })
    : t("history.range", { from, to: mark(high) });
}
