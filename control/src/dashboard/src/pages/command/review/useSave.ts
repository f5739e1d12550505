/** Saves the unsaved text over the version that it is an edit of. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refused } from "@/api/client";
import { failed, said } from "@/parts/toast";
import { save as put } from "../model/calls";
import { fileKey, useTellSaved } from "../model/useFile";
import { usePage } from "../page";

export function useSave(draft: boolean, done: () => void): { save: () => void; busy: boolean } {
  const { which, file, say } = usePage();
  const queries = useQueryClient();
  const tell = useTellSaved();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    if (!file.draft) return;
    setBusy(true);
    try {
      const saved = await put(which, file.draft.text, file.draft.etag, draft);
      tell(saved);
      said(saved.said);
      done();
    } catch (error) {
      // Somebody was quicker: both versions are shown, by the bar that comes with theirs.
      if (error instanceof Refused && error.status === 412) {
        say({ open: "compare" });
        await queries.invalidateQueries({ queryKey: fileKey(which) });
      } else failed(error);
    } finally {
      setBusy(false);
    }
  };
  return { save: () => void save(), busy };
}
