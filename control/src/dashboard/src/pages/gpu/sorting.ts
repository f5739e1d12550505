/** The order of the table's rows. Pure. */
import type { Card } from "@/api/types";
import { sorted, sortOf } from "@/parts/sorting";

const SORTS = ["free", "use", "temperature", "power"] as const;
export type Sort = (typeof SORTS)[number];

const VALUE: Record<Sort, (card: Card) => number | null> = {
  free: (card) => (card.health === "ok" ? card.free_gb : null),
  use: (card) => card.use,
  temperature: (card) => card.temperature_c,
  power: (card) => card.power_w,
};

/** As the machine has them, where the address says none. */
export function inOrder(cards: readonly Card[], said: string): readonly Card[] {
  const sort = sortOf(said, SORTS);
  return sort ? sorted(cards, sort.most, VALUE[sort.by]) : cards;
}
