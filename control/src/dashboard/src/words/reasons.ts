/** Why a task waits, in Chinese, put together from its blockers; English is the scheduler's own sentence. */
import type { Blocker, TaskState } from "@/api/types";
import { gb } from "@/format/memory";
import { words } from ".";
import { apart } from "./apart";
import { likened, type Likeness } from "./likeness";

type Waiting = Extract<TaskState, { status?: "waiting" }>;
type Of<K extends Blocker["kind"]> = Extract<Blocker, { kind?: K }>;

/** In the page's language, as a sentence. */
export function waitsBecause(state: Waiting): string {
  return words.language === "zh" ? reasonInChinese(state) : sentence(state.reason);
}

export function reasonInChinese(state: Waiting): string {
  return `${neededInChinese(state)}。`;
}

type Needs = Pick<Waiting, "gpus" | "memory_gb" | "ready" | "blockers">;

/** What it needs, and what is in the way. Without a full stop. */
export function neededInChinese({ gpus, memory_gb, ready, blockers }: Needs): string {
  const why = inChinese(blockers);
  if (!gpus) return why;
  const each = memory_gb == null ? "各自独占整张卡" : `每张 ${gb(memory_gb)} GB 空闲`;
  const some = gpus > 1 && ready ? `（已有 ${ready} 张）` : "";
  return `需要 ${gpus} 张卡，${each}${some}；${why}`;
}

function inChinese(blockers: readonly Blocker[]): string {
  const leased = blockers.filter((each): each is Of<"card_leased"> => each.kind === "card_leased");
  const rest = blockers.filter((each) => each.kind !== "card_leased").map(clause);
  return [...rest, ...(leased.length ? [leasedTogether(leased)] : [])].join("；");
}

/** "GPU 0、1 租给 queue 2". */
function leasedTogether(leased: Of<"card_leased">[]): string {
  const holders = new Map<string, string[]>();
  for (const each of leased) {
    const by = holderOf(each);
    holders.set(by, [...(holders.get(by) ?? []), each.gpu]);
  }
  return [...holders].map(([by, gpus]) => `GPU ${gpus.join("、")} 已租给${apart(by)}`.trim()).join("，");
}

function holderOf({ by, own, holder }: Of<"card_leased">): string {
  if (!own) return by;
  if (!holder) return by === NOT_SAID ? "你的另一个调度器" : named(by);
  const whose = named(holder.whose);
  const pid = holder.scheduler == null ? "" : `（pid ${holder.scheduler}）`;
  switch (holder.kind) {
    case "elsewhere":
      return `你的另一个调度器${pid}${whose && `的${apart(whose)}`.trim()}`;
    case "ended":
      return `${whose}，由你的一个已结束的调度器${pid}启动`;
    case "sought":
      return `${whose}，正在查找它`;
    case "left_running":
      return `${whose} 留下的进程 ${holder.processes.join("、")}`;
  }
}

/** Of a lease that says nothing (app/core/fit.py). */
const NOT_SAID = "another scheduler of yours";

/** "队列 3", "任务 3/1": what leases and claims are labelled with. */
function named(label: string): string {
  return label.replace(/^queue (?=\d+$)/, "队列 ").replace(/^task (?=\d+\/\d+$)/, "任务 ");
}

/** Somebody whose name the machine does not know. */
function user(name: string): string {
  return name === "unknown" ? "未知用户" : name;
}

const UNUSABLE: Record<Of<"card_unusable">["why"], string> = {
  lost: "已掉线（驱动称其丢失）",
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
      return `GPU ${blocker.gpu} 上有${apart(user(blocker.user))}的进程 ${blocker.pid}${blocker.command ? `（${blocker.command}）` : ""}`;
    case "card_crowded":
      return `GPU ${blocker.gpu} 已有 ${Math.round(blocker.others_percent)}% 被其他人占用，超过 busy_memory_percent ${Math.round(blocker.limit_percent)}`;
    case "card_unusable":
      return `GPU ${blocker.gpu} ${UNUSABLE[blocker.why]}`;
    case "card_claimed":
      return `GPU ${blocker.gpu} 为等待已久的${apart(named(blocker.by))}保留`;
    case "cap_reached":
      return capped(blocker);
    case "too_few_cards":
      return `即使全部空闲，也只有 ${blocker.suitable} 张卡能满足`;
    case "limit_reached":
      return `已有 ${blocker.running || blocker.limit} 个${blocker.setting === "cpu_tasks" ? "不用显卡的" : ""}任务在运行（${blocker.setting} ${blocker.limit}）`;
    case "behind_in_line":
      return `${apart(named(blocker.by))}排在最前（fifo）`.trim();
    case "driver_silent":
      return `显卡驱动没有应答（${driverInChinese(blocker.error)}）`;
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

function capped({ allowance, claimed, needs_more }: Of<"cap_reached">): string {
  const { held, allowed, available } = allowance;
  const kept = claimed ? `，另有 ${claimed} 张为等待已久的任务保留` : "";
  const limits = allowed === available ? "" : `（可用 ${available} 张；见 gpu_left、min_gpu、max_gpu）`;
  return `你占用 ${held} 张，允许 ${allowed} 张${kept}，它还需 ${needs_more} 张${limits}`;
}

function short(blocker: Of<"card_short">): string {
  const users = blocker.users
    .filter(([, used]) => used >= 0.05)
    .slice(0, 3)
    .map(([name, used]) => `${user(name)} ${gb(used)} GB`);
  if (blocker.promised_gb >= 0.05) users.push(`已预留 ${gb(blocker.promised_gb)} GB`);
  const by = users.length ? `（${users.join("，")}）` : "";
  return `GPU ${blocker.gpu} 空闲 ${gb(blocker.free_gb)} GB${by}`;
}

/** Why a driver says nothing (app/gpu). */
const OF_DRIVERS: readonly Likeness[] = [
  [
    /^(?:this machine has no NVIDIA driver|the NVIDIA driver is not loaded)/,
    () => "这台机器没有可用的 NVIDIA 驱动；请安装驱动，使 nvidia-smi 可用，或使用模拟显卡：--simulate 4x24",
  ],
  [/^the NVIDIA driver has gone away/, () => "NVIDIA 驱动已消失"],
  [
    /^the NVIDIA driver was replaced/,
    () => "NVIDIA 驱动已被替换：请重新启动这个程序（运行中的任务不受影响），或重启机器",
  ],
];

export function driverInChinese(error: string): string {
  return likened(OF_DRIVERS, error) ?? error;
}

/** A sentence of its own: with a capital letter, and a full stop. */
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  if (/[.!?。]$/.test(whole)) return whole;
  return whole + (words.language === "zh" && /[一-鿿]/.test(whole) ? "。" : ".");
}
