/** A configuration as it is saved, and what is unsaved of it. */
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import { Refused } from "@/api/client";
import { useKnown } from "@/api/live";
import type { CommandFile, FileTask } from "@/api/types";
import { failed } from "@/parts/toast";
import { savedAs, taskChanges, type TaskChange } from "./changes";
import { commandFile, configurations, type Which } from "./calls";
import { withDamaged } from "./damaged";
import type { Edit } from "./edits";
import type { Draft } from "./kept";
import { sheetOf, type Item, type ItemQueue, type Sheet } from "./sheet";
import { unsavedOf } from "./unsaved";

export interface File {
  which: Which;
  saved: CommandFile;
  draft: Draft | null;
  text: string;
  /** What is known of the text, or of one some moments older. null: nothing yet. */
  sheet: Sheet | null;
  queues: readonly ItemQueue[] | null;
  /** Forms have what the text does not say yet. */
  ahead: boolean;
  refused: unknown;
  unkept: boolean;
  changes: readonly TaskChange[];
  /** Of each task of `queues`, which one it is of what is saved. */
  partners: ReadonlyMap<Item, FileTask>;
  /** Somebody has saved another version meanwhile. */
  conflict: boolean;
  edit: (edit: Edit) => Promise<unknown>;
  write: (text: string) => void;
  discard: () => void;
  keepMine: () => void;
}

export const fileKey = ({ mode, index }: Which) => ["commands", mode, index] as const;

/** Ids of what is saved stay while it is the same version. */
const bases = new WeakMap<CommandFile, Sheet>();
function baseOf(saved: CommandFile): Sheet {
  const known = bases.get(saved);
  if (known) return known;
  const made = sheetOf({ ...saved, faults: saved.all_faults, count: saved.faults });
  bases.set(saved, made);
  return made;
}

export interface Loading {
  file: File | null;
  error: Error | null;
  again: () => void;
}

export function useFile(which: Which): Loading {
  const { mode, index } = which;
  const unsaved = unsavedOf(which);
  const query = useQuery({
    queryKey: fileKey(which),
    queryFn: () => commandFile({ mode, index }, () => unsaved.snapshot().draft !== null),
    staleTime: Infinity,
  });
  const shown = useSyncExternalStore(unsaved.subscribe, unsaved.snapshot);
  const isLive = useKnown().connection === "live";
  const saved = query.data;
  useEffect(() => {
    if (!saved) return;
    const { draft } = unsaved.snapshot();
    // Saved from elsewhere, from this browser's other tab perhaps.
    if (draft?.text === saved.text && !draft.forms) unsaved.discard();
    else if (isLive) unsaved.look();
  }, [unsaved, saved, shown.draft, isLive]);
  const base = saved && baseOf(saved);
  const queues = shown.queues ?? (shown.draft ? shown.sheet?.queues : base?.queues) ?? null;
  const partners = useMemo(() => savedAs(saved?.structure ?? [], queues ?? []), [saved, queues]);
  const changes = useMemo(() => {
    // Of what is too large for forms, or not asked about yet, nobody knows which task is which.
    if (!saved?.structure || !queues || !(shown.draft || shown.ahead)) return [];
    const found = taskChanges(saved.structure, queues, partners);
    return withDamaged(found, saved, shown.sheet?.text ?? saved.text, shown.sheet?.broken ?? []);
  }, [shown.draft, shown.ahead, shown.sheet, saved, queues, partners]);
  const edit = useCallback(
    async (change: Edit) => (saved && base ? unsaved.edit(change, saved, base) : null),
    [unsaved, saved, base],
  );
  const again = () => void query.refetch();
  const isGone = query.error instanceof Refused && query.error.status === 404;
  if (!saved || !base || isGone) return { file: null, error: query.error, again };
  const file: File = {
    which: unsaved.which,
    saved,
    draft: shown.draft,
    text: shown.draft?.text ?? saved.text,
    sheet: shown.draft ? shown.sheet : base,
    queues,
    ahead: shown.ahead || shown.draft?.forms !== undefined,
    refused: shown.refused,
    unkept: shown.unkept,
    changes,
    partners,
    conflict: shown.draft !== null && shown.draft.etag !== saved.etag,
    edit,
    write: (text) => unsaved.write(text, saved),
    discard: () => unsaved.discard(),
    keepMine: () => unsaved.rebase(saved.etag),
  };
  return { file, error: null, again };
}

export function useConfigurations(mode: Which["mode"]) {
  return useQuery({ queryKey: ["commands", mode, "list"], queryFn: () => configurations(mode) });
}

/** After a save: known at once, without asking again. */
export function tellSaved(queries: QueryClient, saved: CommandFile): void {
  queries.setQueryData(fileKey(saved), saved);
  unsavedOf(saved).saved(saved);
  queries
    .invalidateQueries({ queryKey: ["commands", saved.mode, "list"] })
    .catch((error: unknown) => failed(error));
}

export function useTellSaved(): (saved: CommandFile) => void {
  const queries = useQueryClient();
  return useCallback((saved) => tellSaved(queries, saved), [queries]);
}
