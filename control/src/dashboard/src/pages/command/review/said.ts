/** Why a task does not start now, as a preview has it. Pure. */
import type { PreviewRow, TaskState } from "@/api/types";
import { reasonInChinese, sentence } from "@/words/reasons";

type Waiting = Extract<TaskState, { status?: "waiting" }>;

/** In Chinese from its blockers, where it has some; else the console's own sentence. */
export function whySaid(row: Pick<PreviewRow, "reason" | "blockers">, language: string): string {
  if (language !== "zh" || !row.blockers.length) return sentence(row.reason ?? "");
  const waiting = { blockers: row.blockers, gpus: 0, memory_gb: null, ready: 0 } as unknown as Waiting;
  return reasonInChinese(waiting);
}
