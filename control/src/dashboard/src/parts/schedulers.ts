/** What is said of a scheduler, from its state. */
import type { TFunction } from "i18next";
import type { Scheduler } from "@/api/types";

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Of submitted tasks each is a queue of its own. */
export function isSubmitted(file: string): boolean {
  return fileName(file) === "submitted_gpus.txt";
}

/** "single · configuration 0", or with its file's name where it is no configuration. */
export function longName(one: Scheduler, t: TFunction): string {
  if (!one.state) return `pid ${one.pid}`;
  const mode = t(`modes.${one.state.mode}`);
  return one.configuration == null
    ? t("scheduler.titledFile", { mode, file: fileName(one.state.command_file) })
    : t("scheduler.titled", { mode, index: one.configuration });
}

/** "single · 0". */
export function shortName(one: Scheduler, t: TFunction): string {
  if (!one.state) return `pid ${one.pid}`;
  const mode = t(`modes.${one.state.mode}`);
  const index = one.configuration ?? fileName(one.state.command_file).replace(/\.txt$/, "");
  return t("scheduler.short", { mode, index });
}

export function totalOf(one: Scheduler): number {
  return Object.values(one.state?.counts ?? {}).reduce((sum, count) => sum + count, 0);
}

export function doneOf(one: Scheduler): number {
  return one.state?.counts["completed"] ?? 0;
}

/** Seconds since it was heard of last, where that is too long ago; `now`: the console's clock. */
export function staleFor(one: Scheduler, now: number): number | null {
  if (!one.alive || !one.state) return null;
  const silent = now - one.state.updated_at;
  return silent > one.stale_after ? silent : null;
}
