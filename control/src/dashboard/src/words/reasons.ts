/** Why a task waits, in Chinese, put together from its blockers; English is the scheduler's own sentence. */
import type { Blocker, TaskState } from "@/api/types";
import { gb } from "@/format/memory";

type Waiting = Extract<TaskState, { status?: "waiting" }>;
type Of<K extends Blocker["kind"]> = Extract<Blocker, { kind?: K }>;

export function reasonInChinese(state: Waiting): string {
  const why = clauses(state.blockers).join("；");
  if (!state.gpus) return `${why}。`;
  const each = state.memory_gb == null ? "各自独占整张卡" : `每张 ${gb(state.memory_gb)} GB 空闲`;
  const ready = state.gpus > 1 && state.ready ? `（已有 ${state.ready} 张）` : "";
  return `需要 ${state.gpus} 张卡，${each}${ready}；${why}。`;
}

function clauses(blockers: readonly Blocker[]): string[] {
  const leased = blockers.filter((each): each is Of<"card_leased"> => each.kind === "card_leased");
  const rest = blockers.filter((each) => each.kind !== "card_leased").map(clause);
  return leased.length ? [...rest, leasedTogether(leased)] : rest;
}

/** "GPU 0、1 租给 queue 2". */
function leasedTogether(leased: Of<"card_leased">[]): string {
  const holders = new Map<string, string[]>();
  for (const each of leased) holders.set(each.by, [...(holders.get(each.by) ?? []), each.gpu]);
  return [...holders]
    .map(([by, gpus]) => `GPU ${gpus.join("、")} 已租给 ${by.replace("queue", "队列")}`)
    .join("，");
}

const UNUSABLE: Record<Of<"card_unusable">["why"], string> = {
  lost: "已掉线（驱动报告 lost）",
  unreadable: "无法从驱动读取",
  off: "已停用",
  aside: "暂时搁在一边（不同的任务在它上面几秒内失败，而在别的卡上没有）",
  prohibited: "处于 PROHIBITED 计算模式",
  missing: "已不存在",
  leases_gone: "的租约文件丢失（有程序清理了租约目录）",
};
const STANDSTILL: Record<Of<"standstill">["why"], string> = {
  paused: "调度器已暂停",
  draining: "调度器正在排空，不再启动任务",
  disk_full: "无法写入记录（多半是磁盘已满），没有记录就不启动",
  comparing: "正在询问钩子 compare_gpus 哪张卡更好",
};

function clause(blocker: Blocker): string {
  switch (blocker.kind) {
    case "card_short":
      return short(blocker);
    case "card_busy":
      return `GPU ${blocker.gpu} 上有 ${blocker.user} 的进程 ${blocker.pid}${blocker.command ? `（${blocker.command}）` : ""}`;
    case "card_crowded":
      return `GPU ${blocker.gpu} 已有 ${Math.round(blocker.others_percent)}% 被其他人占用，超过 busy_memory_percent ${Math.round(blocker.limit_percent)}`;
    case "card_unusable":
      return `GPU ${blocker.gpu} ${UNUSABLE[blocker.why]}`;
    case "card_claimed":
      return `GPU ${blocker.gpu} 为等待已久的 ${blocker.by.replace("task ", "")} 保留`;
    case "cap_reached":
      return `你占用 ${blocker.allowance.held} 张，允许 ${blocker.allowance.allowed} 张，它还需 ${blocker.needs_more} 张`;
    case "too_few_cards":
      return `即使全部空闲，也只有 ${blocker.suitable} 张卡能满足`;
    case "limit_reached":
      return `已有 ${blocker.running || blocker.limit} 个任务在运行（${blocker.setting} ${blocker.limit}）`;
    case "behind_in_line":
      return `${blocker.by.replace("task ", "")} 排在最前（fifo）`;
    case "driver_silent":
      return `显卡驱动没有应答（${blocker.error}）`;
    case "leases_unreadable":
      return `无法租用显卡（${blocker.error}）`;
    case "launch_refused":
      return `无法启动（${blocker.error}），会再试`;
    case "standstill":
      return STANDSTILL[blocker.why];
    default:
      return "刚轮到它";
  }
}

function short(blocker: Of<"card_short">): string {
  const users = blocker.users
    .filter(([, used]) => used >= 0.05)
    .slice(0, 3)
    .map(([user, used]) => `${user} ${gb(used)} GB`);
  if (blocker.promised_gb >= 0.05) users.push(`已预留 ${gb(blocker.promised_gb)} GB`);
  const by = users.length ? `（${users.join("，")}）` : "";
  return `GPU ${blocker.gpu} 空闲 ${gb(blocker.free_gb)} GB${by}`;
}

/** A sentence of its own: with a capital letter, and a full stop. */
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?。]$/.test(whole) ? whole : `${whole}.`;
}
