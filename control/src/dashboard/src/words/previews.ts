/** Why a task does not start now, as a preview has it. */
import type { PreviewRow } from "@/api/types";
import { words } from ".";
import { likened, type Likeness } from "./likeness";
import { neededInChinese, sentence } from "./reasons";

/** What app/preview.py says without blockers. */
const SAID: readonly Likeness[] = [
  [/^tries again in (\d+) s; (.*)$/s, (seconds, why) => `${seconds} 秒后重试；${why}`],
  [/^held by the command file$/, () => "由命令文件搁置"],
  [/^held by (.*)$/, (who) => `由 ${who} 搁置`],
  [/^behind (\S+), which is held$/, (task) => `在 ${task} 之后，而它被搁置`],
  [/^behind (\S+) in its queue$/, (task) => `在队列中排在 ${task} 之后`],
  [/^its queue stands$/, () => "它的队列停着"],
  [/^(\d+) others come before it$/, (count) => `前面还有 ${count} 个任务`],
];

type Outcome = Pick<PreviewRow, "reason" | "blockers" | "gpu_count" | "memory_gb" | "ready">;

/** In Chinese from its blockers, where it has some; else the console's own words. Without a full stop. */
export function outcomeBecause({ reason, blockers, gpu_count: gpus, memory_gb, ready }: Outcome): string {
  if (words.language !== "zh") return reason ?? "";
  if (blockers.length) return neededInChinese({ gpus, memory_gb, ready, blockers });
  return likened(SAID, reason ?? "") ?? reason ?? "";
}

/** As a sentence. */
export function whySaid(row: Outcome): string {
  return sentence(outcomeBecause(row));
}
