/** What is wrong with a text of the settings, as far as it can be seen here; the console sees the rest. */
import type { ConfigKey } from "@/api/types";
import { readYaml, type Spot, type Value } from "./yaml";

type FaultKind =
  | "syntax"
  | "twice"
  | "unknown"
  | "integer"
  | "number"
  | "boolean"
  | "string"
  | "list"
  | "choices"
  | "minimum"
  | "above"
  | "maximum"
  | "minOverMax"
  | "noCards"
  | "interval";

export interface FaultHere {
  kind: FaultKind;
  key: string;
  from: number;
  to: number;
  /** For its sentence. */
  said: Record<string, string | number>;
}

export function faultsOf(text: string, keys: readonly ConfigKey[]): FaultHere[] {
  const { spots, broken, twice } = readYaml(text);
  const known = new Map(keys.map((key) => [key.key, key]));
  const parents = new Set([...known.keys()].flatMap((key) => (key.includes(".") ? [key.split(".")[0]] : [])));
  const found: FaultHere[] = [
    ...broken
      .slice(0, 1)
      .map((place) => ({ kind: "syntax" as const, key: "", ...wide(place, text), said: {} })),
    ...twice.map(({ key, from, to }) => ({ kind: "twice" as const, key, from, to, said: {} })),
  ];
  for (const [key, spot] of spots) {
    const kind = known.get(key);
    const inner = parents.has(key.split(".")[0]) && !key.includes(".");
    if (kind) found.push(...wrongIn(kind, spot));
    else if (!inner)
      found.push({
        kind: "unknown",
        key,
        from: spot.pair.from,
        to: spot.pair.from + (key.split(".").pop() ?? key).length,
        said: { near: near(key, [...known.keys()]) },
      });
  }
  return [...found, ...crossed(spots, known)].sort((a, b) => a.from - b.from);
}

/** At least one letter, so that it is seen. */
function wide({ from, to }: { from: number; to: number }, text: string): { from: number; to: number } {
  if (to > from) return { from, to };
  const end = text.slice(0, from).trimEnd().length;
  return { from: Math.max(0, Math.min(from, end) - 1), to: Math.max(1, Math.min(from, end)) };
}

function wrongIn(key: ConfigKey, spot: Spot): FaultHere[] {
  const { value } = spot;
  const at = { key: key.key, from: spot.value === null ? spot.pair.from : spot.from, to: spot.to };
  if (value === undefined || (value === null && key.null)) return [];
  const wrong = wrongKind(key, value);
  if (wrong) return [{ kind: wrong, ...at, said: {} }];
  if (key.choices && !key.choices.includes(String(value)))
    return [{ kind: "choices", ...at, said: { choices: key.choices.join(", ") } }];
  if (typeof value !== "number") return [];
  if (key.minimum != null && value < key.minimum)
    return [{ kind: "minimum", ...at, said: { limit: key.minimum } }];
  if (key.above != null && value <= key.above) return [{ kind: "above", ...at, said: { limit: key.above } }];
  if (key.maximum != null && value > key.maximum)
    return [{ kind: "maximum", ...at, said: { limit: key.maximum } }];
  return [];
}

function wrongKind(key: ConfigKey, value: Value): FaultKind | null {
  switch (key.type) {
    case "integer":
      return Number.isInteger(value) ? null : "integer";
    case "number":
      return typeof value === "number" ? null : "number";
    case "boolean":
      return typeof value === "boolean" ? null : "boolean";
    case "list":
      return Array.isArray(value) ? null : "list";
    default:
      return Array.isArray(value) || value === null || typeof value === "boolean" ? "string" : null;
  }
}

/** Between keys that are sound one by one. */
function crossed(spots: Map<string, Spot>, known: Map<string, ConfigKey>): FaultHere[] {
  const value = (key: string) => {
    const spot = spots.get(key);
    return spot?.value === undefined ? known.get(key)?.default : spot.value;
  };
  const at = (kind: FaultKind, key: string, said: FaultHere["said"]): FaultHere => {
    const spot = spots.get(key);
    return { kind, key, from: spot?.from ?? 0, to: spot?.to ?? 0, said };
  };
  const [least, most] = [value("min_gpu"), value("max_gpu")];
  const [interval, span] = [value("sample_interval"), value("sample_window")];
  const cards = value("compete_gpus");
  const found: FaultHere[] = [];
  if (typeof least === "number" && typeof most === "number" && least > most)
    found.push(at("minOverMax", "min_gpu", { least, most }));
  if (value("use_all_gpus") === false && Array.isArray(cards) && !cards.length)
    found.push(at("noCards", "compete_gpus", {}));
  if (typeof interval === "number" && typeof span === "number" && interval > span)
    found.push(at("interval", "sample_interval", { interval, span }));
  return found;
}

/** What was meant, if it is near: by the pairs of letters that both have. */
function near(key: string, known: string[]): string {
  const pairs = (text: string) => {
    const letters = text.replaceAll("-", "_").toLowerCase();
    return new Set(Array.from({ length: letters.length - 1 }, (_, index) => letters.slice(index, index + 2)));
  };
  const mine = pairs(key);
  const likeness = (other: string) => {
    const its = pairs(other);
    return (2 * [...mine].filter((pair) => its.has(pair)).length) / (mine.size + its.size || 1);
  };
  const best = known
    .map((other) => [likeness(other), other] as const)
    .reduce<readonly [number, string]>((one, other) => (other[0] > one[0] ? other : one), [0, ""]);
  return best[0] >= 0.5 ? best[1] : "";
}
