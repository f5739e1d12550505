/** Unsaved texts, kept in this browser until they are saved or discarded. */
import { keep as keepText, ofPlace, recall } from "@/parts/kept";
import type { QueueToSave } from "@/api/types";
import type { Which } from "./calls";

export interface Draft {
  text: string;
  /** The version that it is an edit of; null: there was no file. */
  etag: string | null;
  /** When it was begun, in wall-clock seconds. */
  since: number;
  /** What forms have made of the text, where the console had not yet said what that comes to. */
  forms?: QueueToSave[];
}

const PREFIX = "gpulane-unsaved-";

export function keyOf({ mode, index }: Which): string {
  return ofPlace(`${PREFIX}${mode}-${index}`);
}

export function kept(which: Which): Draft | null {
  return readDraft(recall(keyOf(which)));
}

export function readDraft(said: string | null): Draft | null {
  if (said === null) return null;
  try {
    const draft = JSON.parse(said) as Partial<Draft>;
    const { text, etag, since, forms } = draft;
    return typeof text === "string" && typeof since === "number" && etag !== undefined
      ? { text, etag, since, ...(forms && { forms }) }
      : null;
  } catch {
    return null;
  }
}

/** Whether it could be kept: a browser gives a site some megabytes. */
export function keep(which: Which, draft: Draft | null): boolean {
  return keepText(keyOf(which), draft && JSON.stringify(draft));
}
