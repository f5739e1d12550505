/** Why an attempt failed, and what a task that stopped says: Chinese from the facts, English is the scheduler's. */
import type { Cause, TaskState } from "@/api/types";
import { gb } from "@/format/memory";
import { signalName } from "@/format/signal";
import { duration } from "@/format/time";
import { words } from ".";
import { apart } from "./apart";

type Skipped = Extract<TaskState, { status?: "skipped" }>;

/** `error`: in English. Without a full stop. */
export function errorOf(error: string, cause: Cause | null): string {
  return cause && words.language === "zh" ? causeInChinese(cause) : error;
}

/** Without a full stop. */
export function becauseOf({ because, failed }: Skipped): string {
  return failed && words.language === "zh" ? `任务 ${failed} 失败，队列就此停下` : because;
}

const KNOWN: Record<number, string> = { 126: "（找到了，但不可执行）", 127: "（找不到命令）" };

/** Who killed it, where the scheduler that was told so has died since (app/core/outcome.py). */
const NOBODY_KNOWN = "its user";

function causeInChinese(cause: Cause): string {
  switch (cause.kind) {
    case "exit": {
      const code = `退出码 ${cause.code}${KNOWN[cause.code] ?? ""}`;
      return cause.said ? `${code}：${cause.said}` : code + commandOf(cause.command);
    }
    case "signal":
      return `被${signalInChinese(cause.signal)}结束${commandOf(cause.command)}`;
    case "out_of_memory":
      return [
        "显存不足",
        cause.tried_gb == null ? "" : `还想要 ${gb(cause.tried_gb)} GB`,
        cause.peak_gb == null ? "" : `单张卡上最多用到 ${gb(cause.peak_gb)} GB`,
      ]
        .filter(Boolean)
        .join("，");
    case "timeout":
      return cause.seconds == null ? "超过时限而停止" : `超过时限（${duration(cause.seconds)}）而停止`;
    case "killed":
      return `被${killerInChinese(cause.by)}终止`;
    case "stopped":
      return "随调度器停止";
    case "lost":
      return cause.reboot ? "机器重启时丢失" : "丢失：看护进程无声退出";
    case "not_launched":
      return `无法启动：${cause.error}`;
    default:
      return "原因不明";
  }
}

/** For the middle of a sentence. */
export function killerInChinese(by: string): string {
  return by === NOBODY_KNOWN ? "其用户" : apart(by);
}

export function signalInChinese(signal: number): string {
  return apart(signalName(signal) ?? `信号 ${signal}`);
}

function commandOf(command: string | null | undefined): string {
  return command ? `，命令：${command}` : "";
}
