/** The settings as they are, and as they were changed here: what is not saved yet lives in this browser. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { answered, ask, GET, matching, PUT, Refused } from "@/api/client";
import { useFreshFile } from "@/api/live";
import type { Config, ConfigKey } from "@/api/types";
import { keep as store, ofPlace, recall } from "@/parts/kept";
import * as toast from "@/parts/toast";
import { changesOf, rebased, toSave, withChange, type Change } from "./changes";
import { faultsOf, type FaultHere } from "./faults";
import type { Value } from "./yaml";

const KEPT = "gpulane-draft-config";

/** A text, with the one that it was made from. */
interface Kept {
  file: string;
  etag: string | null;
  base: string;
  text: string;
}

function kept(): Kept | null {
  try {
    const found = JSON.parse(recall(ofPlace(KEPT)) ?? "null") as Partial<Kept> | null;
    return typeof found?.text === "string" && typeof found.base === "string" ? (found as Kept) : null;
  } catch {
    return null;
  }
}

export function useConfig() {
  useFreshFile("config", ["config"]);
  return useQuery({ queryKey: ["config", "now"], queryFn: () => ask(GET("/api/config")) });
}

export interface Draft {
  config: Config;
  /** What the changes are made to, and what they make of it. */
  base: string;
  text: string;
  changes: Change[];
  faults: FaultHere[];
  changed: boolean;
  /** Somebody else has saved since. */
  stale: boolean;
  edit: (text: string) => void;
  set: (key: ConfigKey, value: Value) => void;
  discard: () => void;
  /** Puts the changes on top of what is saved now. */
  keepMine: () => void;
  /** Whether it is saved. */
  save: () => Promise<boolean>;
}

export function useDraft(config: Config): Draft {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [mine, setMine] = useState(kept);
  const saved = config.text ?? "";
  // Another settings file than the one that it was made from is nothing to put it on.
  const own = mine?.file === config.file ? mine : null;
  const base = own?.base ?? saved;
  const text = own?.text ?? saved;
  const etag = own ? own.etag : config.etag;
  const keep = useCallback(
    (next: Kept | null) => {
      const empty = !next || (next.etag === config.etag && next.text.trimEnd() === next.base.trimEnd());
      setMine(empty ? null : next);
      store(ofPlace(KEPT), empty ? null : JSON.stringify(next));
    },
    [config.etag],
  );
  const edit = (next: string) => keep({ file: config.file, etag, base, text: next });
  const set = (key: ConfigKey, value: Value) => {
    const next = withChange(base, text, key, value);
    if (next === null) toast.failed(t("rule.notHere"));
    else edit(next);
  };
  const save = async () => {
    try {
      await put(etag, toSave(base, text, config.keys));
      keep(null);
    } catch (error) {
      if (error instanceof Refused && error.status === 412) return false;
      throw error;
    } finally {
      await queries.invalidateQueries({ queryKey: ["config"] });
    }
    return true;
  };
  return {
    config,
    base,
    text,
    changed: own !== null,
    stale: own !== null && own.etag !== config.etag,
    changes: useMemo(() => changesOf(base, text, config.keys), [base, text, config.keys]),
    faults: useMemo(() => faultsOf(text, config.keys), [text, config.keys]),
    edit,
    set,
    discard: () => keep(null),
    keepMine: () => {
      const next = rebased(base, text, saved, config.keys);
      keep({ file: config.file, etag: config.etag, base: saved, text: next });
    },
    save,
  };
}

async function put(etag: string | null, what: ReturnType<typeof toSave>) {
  const body = "text" in what ? { ...what, values: {}, reset: [] } : { ...what, text: null, reset: [] };
  return answered(PUT("/api/config", { params: { header: matching(etag) }, body }));
}
