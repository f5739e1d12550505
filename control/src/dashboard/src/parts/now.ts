/** The console's clock for what counts seconds: one timer for the page, which stands while nothing is heard. */
import { useSyncExternalStore } from "react";
import { live, serverNow } from "@/api/live";

let now = serverNow();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;

function tick() {
  if (live.snapshot().connection === "lost") return;
  now = serverNow();
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size || !timer) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Wall-clock seconds, another value each second. */
export function useSecond(): number {
  return useEachSecond((at) => at);
}

/** What is said of each second, drawn where it changes. */
export function useEachSecond<T extends number | string>(say: (now: number) => T): T {
  return useSyncExternalStore(subscribe, () => say(now));
}
