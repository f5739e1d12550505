/** What is worth a sentence at the foot of a card. Pure. */
import type { Card, GpuAllowance, GpuProcess } from "@/api/types";
import { hiddenOf, straysOf } from "./shares";
import { standingOf } from "./standing";

export type Note =
  | { kind: "lost" | "unreadable" | "outside" | "nobody" }
  | { kind: "stays"; key: "gpu_left" | "max_gpu"; value: number }
  | { kind: "off"; since: number }
  | { kind: "aside"; tasks: number; until: number }
  | { kind: "hot"; temperature: number }
  | { kind: "hidden"; memory: number }
  | { kind: "alone"; task: string }
  | { kind: "fresh"; task: string; memory: number; since: number; of: Promised[] };

/** A task, and GB that are kept for it and not in use yet. */
export interface Promised {
  task: string;
  memory: number;
}

/** °C. No driver's own limit comes with the data; most cards slow down between 83 and 90. */
const HOT = 83;
/** Seconds for which a task counts as just started, and GB that it has yet to take to be told of. */
const FRESH = 600;
const MUCH = 1;
const SOME = 0.05;
/** GB; margins are smaller. */
const MUCH_LEFT = 2;

export function isHot(card: Card): boolean {
  return (card.temperature_c ?? 0) >= HOT;
}

/** `hasRows`: processes, tasks or leases are listed above it. `now`: the console's clock. */
export function notesOf(
  card: Card,
  processes: readonly GpuProcess[],
  allowance: GpuAllowance,
  hasRows: boolean,
  now: number,
): Note[] {
  if (card.health !== "ok") return [{ kind: card.health }];
  const notes: Note[] = [];
  const hidden = hiddenOf(card, processes);
  if (!hasRows && hidden === 0) notes.push({ kind: "nobody" });
  if (standingOf(card, processes, allowance).kind === "left") notes.push(staysBecause(allowance));
  if (hidden > 0) notes.push({ kind: "hidden", memory: hidden });
  if (card.off_since !== null && card.tasks.length) notes.push({ kind: "off", since: card.off_since });
  if (card.aside) notes.push({ kind: "aside", tasks: card.aside.tasks, until: card.aside.until });
  const alone = aloneOn(card, processes);
  if (alone) notes.push(alone);
  if (!card.in_range) notes.push({ kind: "outside" });
  const fresh = freshOf(card, now);
  if (fresh) notes.push(fresh);
  if (isHot(card) && card.temperature_c !== null)
    notes.push({ kind: "hot", temperature: card.temperature_c });
  return notes;
}

/** Of allowed = min(max_gpu, max(min_gpu, available - gpu_left)), the one that holds it down. */
function staysBecause({ available, gpu_left, min_gpu, max_gpu }: GpuAllowance): Note {
  return max_gpu !== null && max_gpu < Math.max(min_gpu, available - gpu_left)
    ? { kind: "stays", key: "max_gpu", value: max_gpu }
    : { kind: "stays", key: "gpu_left", value: gpu_left };
}

/** Nothing is free although much is left: somebody has it whole. Of one task of ours alone it is known who. */
function aloneOn(card: Card, processes: readonly GpuProcess[]): Note | null {
  const [task, another] = card.tasks;
  if (!task || another || card.free_gb > 0 || card.other_leases.length || straysOf(processes).length)
    return null;
  const left = card.total_gb - card.own_promised_gb - card.others_gb;
  return left >= MUCH_LEFT ? { kind: "alone", task: task.task } : null;
}

function freshOf(card: Card, now: number): Note | null {
  const youngest = [...card.tasks].sort((a, b) => b.since - a.since)[0];
  const memory = card.own_promised_gb - card.own_used_gb;
  if (!youngest || now - youngest.since > FRESH || memory < MUCH) return null;
  const of = card.tasks
    .map(({ task, asked_gb, used_gb }) => ({
      task,
      memory: (asked_gb ?? card.total_gb) - (used_gb ?? 0),
    }))
    .filter((one) => one.memory >= SOME);
  return { kind: "fresh", task: youngest.task, memory, since: youngest.since, of };
}
