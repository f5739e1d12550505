/** Completion in #LANE lines: options, and the values that an option can have. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { isLane } from "../model/lines";

export const OPTIONS = [
  "name",
  "queue_name",
  "gpus",
  "devices",
  "queue_devices",
  "model",
  "retries",
  "timeout",
  "on_failure",
  "priority",
  "hold",
  "repeat",
  "cwd",
  "share",
  "fifo",
  "terminal",
  "env",
] as const;
export type Option = (typeof OPTIONS)[number];

const BARE: readonly string[] = ["hold", "fifo"];
const VALUES: Partial<Record<string, readonly string[]>> = {
  on_failure: ["stop", "continue"],
  share: ["yes", "no"],
  hold: ["yes", "no"],
  fifo: ["yes", "no"],
  terminal: ["tmux"],
  gpus: ["0"],
  devices: ["auto", "cpu"],
};

export interface Offer {
  label: string;
  apply: string;
  detail?: string;
}

/** What can stand at the end of `before`, the line up to the cursor. Pure. */
export function offers(
  before: string,
  about: (option: Option) => string,
  models: readonly string[],
): { from: number; options: Offer[] } | null {
  if (!isLane(before) || /\s#/.test(before.replace(/"[^"]*"|'[^']*'/g, "").replace(/^\s*#LANE/, "")))
    return null;
  const value = /(?:^|\s)([\w.]+)=("?[^\s"']*)$/.exec(before);
  if (value) {
    const [, key = "", typed = ""] = value;
    const known = key === "model" ? models : VALUES[key];
    if (!known) return null;
    const quoted = (each: string) => (/\s/.test(each) ? `"${each}"` : each);
    return {
      from: before.length - typed.length,
      options: known.map((each) => ({ label: each, apply: quoted(each) })),
    };
  }
  const typed = /\s([\w.]*)$/.exec(before)?.[1];
  if (typed === undefined) return null;
  const there = new Set([...before.matchAll(/\s([\w.]+)(?==|\s)/g)].map((found) => found[1]));
  return {
    from: before.length - typed.length,
    options: OPTIONS.filter((option) => !there.has(option)).map((option) => ({
      label: option,
      apply: BARE.includes(option) ? option : option === "env" ? "env." : `${option}=`,
      detail: about(option),
    })),
  };
}

export function completion(about: (option: Option) => string, models: () => readonly string[]): Extension {
  const source = ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
    const line = state.doc.lineAt(pos);
    const before = line.text.slice(0, pos - line.from);
    // "#LA" at the beginning of a line.
    const head = /^\s*(#L?A?N?E?)$/.exec(before)?.[1];
    if (head) return { from: pos - head.length, options: [{ label: "#LANE", apply: "#LANE " }] };
    const found = offers(before, about, models());
    if (!found || (!explicit && found.from === before.length && !before.endsWith("="))) return null;
    const options: Completion[] = found.options;
    return { from: line.from + found.from, options, validFor: /^[\w.]*$/ };
  };
  return autocompletion({ override: [source], icons: false, closeOnBlur: true });
}
