/** Keys, values and faults in the page's words. */
import type { ParseKeys, TFunction } from "i18next";
import type { ConfigKey } from "@/api/types";
import { words } from "@/words";
import type { FaultHere } from "./faults";
import { unitOf } from "./groups";
import type { Value } from "./yaml";

/** In our words; what a newer console knows besides, in its own. */
export function meaningOf(key: ConfigKey, t: TFunction): string {
  return own(`rule.meanings.${key.key}`, t) ?? key.meaning;
}

/** What a value of null is called. */
export function noneOf(key: string, t: TFunction): string {
  return own(`rule.none.${key}`, t) ?? t("rule.isNull");
}

function own(path: string, t: TFunction): string | null {
  return words.exists(path) ? t(path as ParseKeys) : null;
}

export function valueSaid(key: string, value: Value | undefined, t: TFunction): string {
  if (value === undefined) return "?";
  if (value === null) return noneOf(key, t);
  if (typeof value === "boolean") return t(value ? "rule.on" : "rule.off");
  if (Array.isArray(value)) return value.length ? value.join(", ") : t("rule.emptyList");
  return String(value);
}

export function unitSaid(key: string, t: TFunction): string {
  const unit = unitOf(key);
  return unit ? t(`rule.units.${unit}`) : "";
}

export function faultSaid(fault: FaultHere, t: TFunction): string {
  const kind = fault.kind === "unknown" && fault.said["near"] ? "unknownNear" : fault.kind;
  return t(`rule.fault.${kind}` as ParseKeys, { key: fault.key, ...fault.said });
}
