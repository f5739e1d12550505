/** Who has how much of a card's memory, and what is not told of it. Pure. */
import type { Card, GpuProcess } from "@/api/types";
import type { Parts } from "@/parts/MemoryBar";

/** The most that a driver keeps for itself, in GB; more than that is somebody's. As app/core/ledger.py has it. */
function reserveLimit(card: Card): number {
  return Math.max(1, 0.03 * card.total_gb);
}

/** Processes on a card that belong to no lease. */
export function straysOf(processes: readonly GpuProcess[]): GpuProcess[] {
  return processes.filter((one) => one.ours === null && one.lease === null);
}

/** GB in use that no process explains, where they are more than a driver's reserve: as of a container. */
export function hiddenOf(card: Card, processes: readonly GpuProcess[]): number {
  const strays = straysOf(processes);
  if (strays.some((one) => one.used_gb === null)) return 0;
  const hidden = card.others_gb - known(strays);
  return hidden > reserveLimit(card) ? hidden : 0;
}

/** The driver's own reserve is nobody's: it is missing from what is free, and no part of the bar. */
export function sharesOf(card: Card, processes: readonly GpuProcess[]): Parts {
  const strays = straysOf(processes);
  const own = strays.filter((one) => one.own);
  const isSilent = strays.some((one) => one.used_gb === null);
  const isAllOwn = isSilent && own.length === strays.length;
  const mine = isAllOwn ? card.others_gb : Math.min(card.others_gb, known(own));
  const isTold = !isSilent && hiddenOf(card, processes) === 0;
  return {
    own: card.own_used_gb,
    promised: Math.max(0, card.own_promised_gb - card.own_used_gb),
    strays: mine,
    leases: card.other_leases.reduce(
      (sum, one) => sum + Math.max(one.declared_gb ?? card.total_gb, one.used_gb),
      0,
    ),
    people: (isTold ? Math.min(card.others_gb, known(strays)) : card.others_gb) - mine,
  };
}

/** In use now, by whomever, in GB. */
export function usedOf(card: Card): number {
  return card.own_used_gb + card.others_gb + card.other_leases.reduce((sum, one) => sum + one.used_gb, 0);
}

/** "NVIDIA GeForce RTX 4090" of 24 GB: "RTX 4090 24 GB"; of a MIG device what tells it from its like. */
export function modelOf(card: Pick<Card, "name" | "total_gb">): string {
  const profile = /\bMIG\b.*/.exec(card.name);
  if (profile) return profile[0];
  const name = card.name.replace(/^NVIDIA\s+/i, "").replace(/^GeForce\s+/i, "");
  return /\d\s*GB\b/i.test(name) || !card.total_gb ? name : `${name} ${Math.round(card.total_gb)} GB`;
}

function known(processes: readonly GpuProcess[]): number {
  return processes.reduce((sum, one) => sum + (one.used_gb ?? 0), 0);
}
