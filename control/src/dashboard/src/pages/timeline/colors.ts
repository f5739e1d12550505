/** The tokens as a canvas needs them: read once per scheme, with what CSS would mix of them. */
import { useSyncExternalStore } from "react";

const NAMES = [
  "bg",
  "s1",
  "s2",
  "s3",
  "bd",
  "bd2",
  "bd3",
  "t1",
  "t2",
  "t3",
  "cdone",
  "lease",
  "people",
  "stripe",
  "held",
  "pending",
  "waiting",
  "running",
  "backoff",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;

export type Colors = Record<
  (typeof NAMES)[number] | "runningBar" | "failedBar" | "failedHatch" | "leaseBar" | "peopleHatch",
  string
> & {
  font: string;
};

let known: Colors | null = null;

export function useColors(): Colors {
  return useSyncExternalStore(subscribe, () => (known ??= read()));
}

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(() => {
    known = null;
    listener();
  });
  observer.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
  return () => {
    observer.disconnect();
  };
}

function read(): Colors {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--gl-${name}`).trim();
  const plain = Object.fromEntries(NAMES.map((name) => [name, token(name)])) as Record<
    (typeof NAMES)[number],
    string
  >;
  const { s1, running, failed, lease, stripe } = plain;
  return {
    ...plain,
    runningBar: mixed(running, s1, 0.26),
    failedBar: mixed(failed, s1, 0.2),
    failedHatch: mixed(failed, s1, 0.45),
    leaseBar: mixed(lease, s1, 0.4),
    peopleHatch: mixed(stripe, s1, 0.45),
    font: getComputedStyle(document.body).fontFamily,
  };
}

/** So much of one colour over another, both as "#13161a" or "#fff". */
export function mixed(over: string, under: string, share: number): string {
  const below = channels(under);
  const parts = channels(over).map((each, at) => Math.round(each * share + (below[at] ?? 0) * (1 - share)));
  return `rgb(${parts.join(", ")})`;
}

function channels(hex: string): number[] {
  const digits = hex.slice(1);
  const size = digits.length < 6 ? 1 : 2;
  return [0, 1, 2].map((at) => {
    const part = digits.slice(at * size, (at + 1) * size);
    return parseInt(size === 1 ? part + part : part, 16) || 0;
  });
}
