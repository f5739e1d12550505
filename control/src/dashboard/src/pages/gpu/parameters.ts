/** What of this page stands in its address. */
import type { useParameters } from "@/parts/parameters";

export const NAMES = ["gpu", "range", "view", "sort", "more"] as const;
type Name = (typeof NAMES)[number];

export type Said = ReturnType<typeof useParameters<Name>>[0];
export type Say = ReturnType<typeof useParameters<Name>>[1];

/** A list of the address with one more in it, or one fewer. */
export function toggled(list: string, uuid: string): string {
  const all = new Set(list.split(",").filter(Boolean));
  if (!all.delete(uuid)) all.add(uuid);
  return [...all].join(",");
}
