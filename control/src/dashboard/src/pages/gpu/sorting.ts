/** The order of the table's rows; in the address as "free", or "-free" for the most first. Pure. */
import type { Card } from "@/api/types";

const SORTS = ["free", "use", "temperature", "power"] as const;
export type Sort = (typeof SORTS)[number];

const VALUE: Record<Sort, (card: Card) => number | null> = {
  free: (card) => (card.health === "ok" ? card.free_gb : null),
  use: (card) => card.use,
  temperature: (card) => card.temperature_c,
  power: (card) => card.power_w,
};

export function sortOf(said: string): { by: Sort; most: boolean } | null {
  const by = SORTS.find((one) => one === said.replace(/^-/, ""));
  return by ? { by, most: said.startsWith("-") } : null;
}

/** What a click on a column's head makes of it: the most first, the least first, as the machine has them. */
export function nextSort(said: string, by: Sort): string {
  if (said === `-${by}`) return by;
  return said === by ? "" : `-${by}`;
}

/** Cards that do not say it come last either way. */
export function sorted(cards: readonly Card[], said: string): readonly Card[] {
  const sort = sortOf(said);
  if (!sort) return cards;
  const value = VALUE[sort.by];
  return [...cards].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sort.most ? other - one : one - other;
  });
}
