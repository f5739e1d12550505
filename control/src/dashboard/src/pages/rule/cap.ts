/** How many GPUs one may hold: the scheduler's formula, with the numbers of this machine. */
import type { Card, CardProcesses, Gpus } from "@/api/types";

export interface CapRules {
  minGpu: number;
  /** null: no limit. */
  maxGpu: number | null;
  gpuLeft: number;
  useAll: boolean;
  /** Indices; they count when `useAll` is false. */
  compete: readonly string[];
}

export function allowed(available: number, rules: CapRules): number {
  const least = Math.max(rules.minGpu, available - rules.gpuLeft);
  return rules.maxGpu === null ? least : Math.min(rules.maxGpu, least);
}

/** Whose a card is. `stray`: a process of ours that is no task computes on it, which bars nobody of us from
 * it; `others`: somebody else does, and we don't. */
export type Whose = "mine" | "free" | "stray" | "others" | "unwell";

export interface CapCard {
  index: string;
  whose: Whose;
  /** The settings, as typed, let schedulers use it. */
  inRange: boolean;
  /** It counts as available. */
  counts: boolean;
  /** No task of ours starts there: turned off for us, or set aside for a while. Where nobody else uses it, it
   * counts all the same. */
  away: "off" | "aside" | null;
  /** A task of ours might take it, the cap apart. */
  open: boolean;
  /** Who else is on it. */
  users: string[];
}

export interface Machine {
  cards: CapCard[];
  available: number;
  /** In range. */
  held: number;
  /** Held as well, and out of range: they count for no cap. */
  outside: number;
  /** Not held, and open. */
  open: number;
}

export function machine(
  gpus: Gpus,
  processes: readonly CardProcesses[],
  me: string,
  saved: CapRules,
  typed: CapRules,
): Machine {
  const known = gpus.cards.map((card) => {
    const [whose, users] = whoseIs(
      card,
      processes.find((one) => one.uuid === card.uuid)?.processes ?? [],
      me,
    );
    // What stands in the way besides the file, as CUDA_VISIBLE_DEVICES does, is there still.
    const barred = !card.in_range && inFile(card.index, saved);
    const inRange = !barred && inFile(card.index, typed);
    return { card, whose, users, inRange, counts: inRange && isGood(whose) };
  });
  // The console has counted what is there; from it we only add and take away what another range does.
  const before = known.filter((one) => isGood(one.whose) && one.card.in_range).length;
  const after = known.filter((one) => one.counts).length;
  const mine = (some: typeof known) => some.filter((one) => one.whose === "mine").length;
  const held = mine(known.filter((one) => one.inRange)) - mine(known.filter((one) => one.card.in_range));
  const cards = known.map(({ card, ...rest }) => {
    const away: CapCard["away"] = card.off_since !== null ? "off" : card.aside ? "aside" : null;
    return { index: card.index, ...rest, away, open: rest.inRange && !away && isOpen(card, rest.whose) };
  });
  return {
    cards,
    available: Math.max(0, gpus.allowance.available + after - before),
    held: Math.max(0, gpus.allowance.held + held),
    outside: mine(known.filter((one) => !one.inRange)),
    open: cards.filter((card) => card.open && card.whose !== "mine").length,
  };
}

function isGood(whose: Whose): boolean {
  return whose === "mine" || whose === "free" || whose === "stray";
}

/** Next to others there is room as long as they leave memory. */
function isOpen(card: Card, whose: Whose): boolean {
  return isGood(whose) || (whose === "others" && card.free_gb > 0);
}

function inFile(index: string, rules: CapRules): boolean {
  return rules.useAll || rules.compete.includes(index);
}

function whoseIs(card: Card, processes: CardProcesses["processes"], me: string): [Whose, string[]] {
  if (card.health !== "ok") return ["unwell", []];
  const leased = card.other_leases.filter((lease) => lease.user !== me).map((lease) => lease.user);
  const strays = processes.filter((one) => one.compute && one.ours === null);
  const running = strays.filter((one) => !one.own).map((one) => one.user ?? "?");
  const users = [...new Set([...leased, ...running])];
  const mine = card.tasks.length > 0 || card.other_leases.some((lease) => lease.user === me);
  if (mine) return ["mine", users];
  if (users.length) return ["others", users];
  return [strays.length ? "stray" : "free", users];
}

/** How many cards may be available one day, for a table: all, one less, today's, half and a quarter. */
export function availableThen(cards: number, today: number): number[] {
  const some = [cards, cards - 1, today, Math.floor(cards / 2), Math.floor(cards / 4)];
  return [...new Set(some)].filter((count) => count > 0 || count === today).sort((a, b) => b - a);
}
