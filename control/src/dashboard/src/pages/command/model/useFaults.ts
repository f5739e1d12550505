/** What is wrong with the text: what no scheduler would read, else what could never run here. */
import type { Fault } from "@/api/types";
import { usePage } from "../page";
import { usePreview } from "./usePreview";

const NONE: readonly Fault[] = [];

export interface Faulty {
  /** null: of this very text nothing is known yet. */
  faults: readonly Fault[] | null;
  count: number;
  /** It can be read, but some task could never run on these cards. */
  never: boolean;
}

export function useFaults(): Faulty {
  const { file } = usePage();
  const { preview, current } = usePreview(file);
  const { sheet, text } = file;
  if (sheet?.text !== text) return { faults: null, count: sheet?.faultCount ?? 0, never: false };
  if (sheet.faultCount || !current || !preview?.faults.length || !text.trim())
    return { faults: sheet.faultCount ? sheet.faults : NONE, count: sheet.faultCount, never: false };
  return { faults: preview.faults, count: preview.faults.length, never: true };
}
