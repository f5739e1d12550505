/** How a card stands for us, in one word, and how all of them do. Pure. */
import type { Card, GpuAllowance, GpuProcess } from "@/api/types";
import { hiddenOf, straysOf } from "./shares";

export type Standing =
  | { kind: "lost" | "unreadable" | "outside" | "hidden" | "stray" | "left" | "free" }
  | { kind: "tasks"; tasks: Card["tasks"] }
  | { kind: "off"; since: number }
  | { kind: "aside"; until: number }
  /** Names of users; null: somebody whose name can't be found from here. */
  | { kind: "leased" | "used"; users: (string | null)[] };

/** What counts most comes first: what is broken, ours, kept from us by us, then others. */
export function standingOf(card: Card, processes: readonly GpuProcess[], allowance: GpuAllowance): Standing {
  if (card.health !== "ok") return { kind: card.health };
  if (card.tasks.length) return { kind: "tasks", tasks: card.tasks };
  if (card.off_since !== null) return { kind: "off", since: card.off_since };
  if (card.aside) return { kind: "aside", until: card.aside.until };
  if (!card.in_range) return { kind: "outside" };
  return othersOn(card, processes, allowance);
}

function othersOn(card: Card, processes: readonly GpuProcess[], allowance: GpuAllowance): Standing {
  const strays = straysOf(processes).filter((one) => one.compute);
  const theirs = strays.filter((one) => !one.own);
  if (theirs.length) {
    const biggest = [...theirs].sort((a, b) => (b.used_gb ?? 0) - (a.used_gb ?? 0));
    return { kind: "used", users: unique(biggest.map((one) => one.user)) };
  }
  if (card.other_leases.length)
    return { kind: "leased", users: unique(card.other_leases.map((one) => one.user)) };
  if (strays.length && hiddenOf(card, processes) === 0) return { kind: "stray" };
  if (hiddenOf(card, processes) > 0 || !card.free) return { kind: "hidden" };
  return { kind: allowance.held >= allowance.allowed ? "left" : "free" };
}

interface Summary {
  free: number;
  left: number;
  used: number;
  /** Of the used and leased ones. */
  users: (string | null)[];
  /** By processes of one's own that are no task. */
  stray: number;
  off: number;
  aside: number;
  outside: number;
  broken: number;
}

/** Of the cards that the allowance counts: real ones, where there are any. */
export function summaryOf(
  cards: readonly Card[],
  processes: (uuid: string) => readonly GpuProcess[],
  allowance: GpuAllowance,
): Summary {
  const none = { free: 0, left: 0, used: 0, stray: 0, off: 0, aside: 0, outside: 0, broken: 0 };
  const found: Summary = { ...none, users: [] };
  for (const card of counted(cards)) {
    const standing = standingOf(card, processes(card.uuid), allowance);
    switch (standing.kind) {
      case "tasks": // what runs there runs on, and nothing more starts
        if (card.off_since !== null) found.off += 1;
        break;
      case "lost":
      case "unreadable":
        found.broken += 1;
        break;
      case "used":
      case "leased":
        found.used += 1;
        found.users = unique([...found.users, ...standing.users]);
        break;
      case "hidden":
        found.used += 1;
        found.users = unique([...found.users, null]);
        break;
      default:
        found[standing.kind] += 1;
    }
  }
  return found;
}

function counted(cards: readonly Card[]): readonly Card[] {
  const real = cards.filter((card) => !card.simulated);
  return real.length ? real : cards;
}

/** The card that an address means: by its uuid, else by its index, real ones first. */
export function cardOf(cards: readonly Card[], name: string): Card | undefined {
  const named = cards.filter((card) => card.index === name);
  return cards.find((card) => card.uuid === name) ?? named.find((card) => !card.simulated) ?? named[0];
}

function unique<T>(all: readonly T[]): T[] {
  return [...new Set(all)];
}
