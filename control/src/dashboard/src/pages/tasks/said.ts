/** What is said of a submitted task in its row. Pure. */
import type { TFunction } from "i18next";
import type { Task, TaskSummary } from "@/api/types";
import { countdown, duration } from "@/format/time";
import { gb } from "@/format/memory";
import { words } from "@/words";
import { becauseOf, errorOf } from "@/words/causes";
import { sentence, waitsBecause } from "@/words/reasons";

/** Why it does not run, or what it ended with. `live`: as its scheduler shows it. */
export function reasonOf(task: TaskSummary, live: Task | undefined, t: TFunction): string {
  const isChinese = words.language === "zh";
  if (task.state === "pending" && isChinese) return t("tasks.pendingWhy");
  if (live?.state.status === "waiting") return waitsBecause(live.state);
  if (live?.state.status === "failed" || live?.state.status === "backoff")
    return sentence(errorOf(live.state.error, live.state.cause));
  if (live?.state.status === "skipped") return sentence(becauseOf(live.state));
  if (live?.state.status === "held" && live.state.by === "file") return t("tasks.heldAsSubmitted");
  return task.reason ? sentence(task.reason) : "";
}

/** How long it has run, or the time left until it is tried again. */
export function tookOf(task: TaskSummary, live: Task | undefined, now: number, t: TFunction): string {
  if (live?.state.status === "backoff") return t("tasks.left", { time: countdown(live.state.until - now) });
  if (task.started_at === null) return "–";
  if (task.state === "running") return duration(now - task.started_at);
  return task.finished_at === null ? "–" : duration(task.finished_at - task.started_at);
}

export function memoryOf(task: Pick<TaskSummary, "gpu_count" | "memory_gb">, t: TFunction): string {
  if (!task.gpu_count) return "–";
  return task.memory_gb === null ? t("tasks.whole") : `${gb(task.memory_gb)} GB`;
}

/** "131, hrnet w32". */
export function titleOf(task: Pick<TaskSummary, "id" | "name">): string {
  return task.name ? `${task.id}, ${task.name}` : String(task.id);
}
