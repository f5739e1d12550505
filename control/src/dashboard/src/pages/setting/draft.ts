/** The console's settings, and what was changed of them here and is not saved yet. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, GET, matching, PUT, Refused } from "@/api/client";
import { useFreshFile } from "@/api/live";
import type { ControlConfig } from "@/api/types";

export type Value = null | boolean | number | string | string[];
type Values = Record<string, Value>;

const KEPT = "gpulane-draft-setting";

interface Kept {
  etag: string | null;
  values: Values;
}

function kept(): Kept {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Partial<Kept> | null;
    if (found?.values) return { etag: found.etag ?? null, values: found.values };
  } catch {
    // Something else has written there: nothing is kept.
  }
  return { etag: null, values: {} };
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
  const [mine, setMine] = useState(kept);
  const keep = (next: Kept) => {
    const values = Object.fromEntries(
      Object.entries(next.values).filter(([key, value]) => !same(value, found.values[key])),
    );
    const left = { ...next, values };
    setMine(left);
    if (Object.keys(values).length) localStorage.setItem(KEPT, JSON.stringify(left));
    else localStorage.removeItem(KEPT);
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
        localStorage.removeItem(KEPT);
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
