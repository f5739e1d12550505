/** The console's settings, and what was changed of them here and is not saved yet. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, GET, matching, PUT, Refused } from "@/api/client";
import { useFreshFile } from "@/api/live";
import type { ControlConfig } from "@/api/types";
import { keep as store, ofPlace, recall } from "@/parts/kept";

export type Value = null | boolean | number | string | string[];
type Values = Record<string, Value>;

const KEPT = "gpulane-draft-setting";

interface Kept {
  etag: string | null;
  values: Values;
}

/** `values`: those that hold; of what is kept, what could stand in their place. */
export function readKept(text: string | null, values: Record<string, unknown>): Kept {
  try {
    const found = JSON.parse(text ?? "null") as Partial<Kept> | null;
    const mine = Object.entries(Object(found?.values) as Values).filter(
      ([key, value]) => key in values && isLike(value, values[key]),
    );
    return { etag: found?.etag ?? null, values: Object.fromEntries(mine) };
  } catch {
    // Something else has written there: nothing is kept.
    return { etag: null, values: {} };
  }
}

/** A list in the place of a list, and a simple value in that of one. */
function isLike(value: unknown, held: unknown): boolean {
  if (Array.isArray(held)) return Array.isArray(value) && value.every((each) => typeof each === "string");
  return value === null || typeof value !== "object";
}

export function useSettings() {
  useFreshFile("settings", ["settings"]);
  return useQuery({ queryKey: ["settings"], queryFn: () => ask(GET("/api/settings")) });
}

export interface Draft {
  found: ControlConfig;
  /** What holds, or is to hold. */
  value: (key: string) => Value;
  set: (key: string, value: Value) => void;
  changed: string[];
  /** Keys that somebody else has saved otherwise than they are wanted here. */
  stale: boolean;
  discard: () => void;
  keepMine: () => void;
  /** What waits for the next start then; null: somebody else was faster. */
  save: () => Promise<string[] | null>;
}

export function useDraft(found: ControlConfig): Draft {
  const queries = useQueryClient();
  const [mine, setMine] = useState(() => readKept(recall(ofPlace(KEPT)), found.values));
  const keep = (next: Kept) => {
    const values = Object.fromEntries(
      Object.entries(next.values).filter(([key, value]) => !same(value, found.values[key])),
    );
    const left = { ...next, values };
    setMine(left);
    store(ofPlace(KEPT), Object.keys(values).length ? JSON.stringify(left) : null);
  };
  const changed = Object.keys(mine.values);
  const etag = changed.length ? mine.etag : found.etag;
  return {
    found,
    value: (key) => (key in mine.values ? (mine.values[key] ?? null) : (found.values[key] as Value)),
    set: (key, value) => keep({ etag, values: { ...mine.values, [key]: value } }),
    changed,
    stale: changed.length > 0 && mine.etag !== found.etag,
    discard: () => keep({ etag: null, values: {} }),
    keepMine: () => keep({ etag: found.etag, values: mine.values }),
    save: async () => {
      try {
        const saved = await put(etag, mine.values);
        setMine({ etag: null, values: {} });
        store(ofPlace(KEPT), null);
        return saved.waiting;
      } catch (error) {
        if (error instanceof Refused && error.status === 412) return null;
        throw error;
      } finally {
        await queries.invalidateQueries({ queryKey: ["settings"] });
      }
    },
  };
}

export function put(etag: string | null, values: Values) {
  return ask(PUT("/api/settings", { params: { header: matching(etag) }, body: { values, reset: [] } }));
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
