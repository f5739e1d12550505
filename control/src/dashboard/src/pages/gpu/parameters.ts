/** What of this page stands in its address. */
import type { useParameters } from "@/parts/parameters";

export const NAMES = ["gpu", "range", "view", "sort", "more"] as const;
type Name = (typeof NAMES)[number];

export type Said = ReturnType<typeof useParameters<Name>>[0];
export type Say = ReturnType<typeof useParameters<Name>>[1];
