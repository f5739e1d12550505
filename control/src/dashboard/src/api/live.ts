/** What the page knows of schedulers and cards, kept up to date by the console's events. One for the page. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { askAnew } from "./anew";
import { applied, Missed, type SchedulerEvent } from "./apply";
import { ask, GET, NoConnection, Refused } from "./client";
import { listen, type Heard } from "./events";
import type { Gpus, Scheduler } from "./types";

/** Milliseconds between two drawings of what changes: four a second are enough for eyes. */
const BETWEEN = 250;
/** Until it is tried again, after the first, second, ... failure in a row. */
const RETRIES = [1_000, 2_000, 5_000, 10_000];
/** The cards are told every 5 s; who hears nothing for so long hears nobody. */
const SILENCE = 17_000;

export interface Known {
  readonly schedulers: readonly Scheduler[];
  readonly gpus: Gpus | null;
  /** loading: nothing has come yet. lost: what is known is as old as `heardAt`. */
  readonly connection: "loading" | "live" | "lost";
  /** When something came last, by this browser's clock. */
  readonly heardAt: number;
  /** Milliseconds that the console's clock is ahead of this browser's. */
  readonly ahead: number;
}

type FileKind = "commands" | "config" | "settings" | "bindings";
export interface FileEvent {
  kind: FileKind;
  data: { mode?: "single" | "multi"; index?: number; config_index?: number; etag?: string | null };
}

class Live {
  #known: Known = { schedulers: [], gpus: null, connection: "loading", heardAt: Date.now(), ahead: 0 };
  #next = this.#known;
  #byId = new Map<string, Scheduler>();
  #drawn = 0;
  #drawing: ReturnType<typeof setTimeout> | null = null;
  #listeners = new Set<() => void>();
  #files = new Set<(event: FileEvent) => void>();
  #end: (() => void) | null = null;
  /** The stream is there and says nothing. */
  #isSilent = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #loading: Promise<void> | null = null;
  /** Events that came while all was loaded. */
  #held: SchedulerEvent[] = [];
  #gone = new Set<string>();
  #hasLoaded = false;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): Known => this.#known;

  /** Told of each saved file and binding. */
  onFile(listener: (event: FileEvent) => void): () => void {
    this.#files.add(listener);
    return () => this.#files.delete(listener);
  }

  start(): void {
    this.#connect();
    setInterval(() => {
      if (this.#next.connection !== "live" || Date.now() - this.#next.heardAt <= SILENCE) return;
      this.#isSilent = true;
      this.#lose();
    }, 1_000);
  }

  /** At once, instead of when it is due. */
  tryNow(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#connect();
  }

  #connect(): void {
    this.#retry = null;
    this.#end?.();
    this.#end = listen((heard) => this.#hear(heard), this.#isSilent ? "anew" : "open");
    this.#isSilent = false;
  }

  #hear({ kind, data }: Heard): void {
    if (kind === "error") {
      this.#lose();
      return;
    }
    this.#set({ heardAt: Date.now() });
    if (kind === "joined") {
      this.#failures = 0;
      this.#reload();
      return;
    }
    const said: unknown = JSON.parse(data);
    switch (kind) {
      case "hello":
        this.#hello(said as { now: number; versions: Record<string, string> });
        break;
      case "scheduler":
        this.#scheduler(said as SchedulerEvent);
        break;
      case "gone":
        this.#forget((said as { id: string }).id);
        break;
      case "gpu":
        this.#set({ gpus: said as Gpus });
        break;
      default:
        this.#files.forEach((listener) => listener({ kind, data: said as FileEvent["data"] }));
    }
  }

  #forget(id: string): void {
    if (this.#loading) this.#gone.add(id);
    this.#byId.delete(id);
    this.#publish();
  }

  #lose(): void {
    this.#end?.();
    this.#end = null;
    this.#set({ connection: "lost" });
    if (this.#retry) return;
    const wait = RETRIES[Math.min(this.#failures, RETRIES.length - 1)];
    this.#failures += 1;
    this.#retry = setTimeout(() => void this.#again(), wait);
  }

  /** Streams may be held back where answers are not: then those are asked for. */
  async #again(): Promise<void> {
    this.#retry = null;
    // Who is not logged in any more is led to where one logs in.
    if (this.#failures === 1) ask(GET("/api/auth/check")).catch(() => undefined);
    if (this.#failures > RETRIES.length || !this.#hasLoaded) {
      try {
        await this.#whole();
      } catch {
        this.#set({ connection: "lost" });
      }
    }
    this.#connect();
  }

  #hello({ now, versions }: { now: number; versions: Record<string, string> }): void {
    this.#failures = 0;
    this.#set({ ahead: now * 1000 - Date.now() });
    for (const id of this.#byId.keys()) if (!(id in versions)) this.#byId.delete(id);
    this.#publish();
    const different = Object.entries(versions).some(
      ([id, version]) => this.#byId.get(id)?.version !== version,
    );
    if (different || this.#next.connection === "loading") this.#reload();
    else this.#set({ connection: "live" });
  }

  #reload(): void {
    this.#whole().catch((error: unknown) => {
      this.#lose();
      if (!(error instanceof NoConnection || error instanceof Refused)) throw error;
    });
  }

  /** Once for all who want it meanwhile. Raises NoConnection or Refused. */
  #whole(): Promise<void> {
    this.#loading ??= this.#load()
      .then(() => this.#set({ connection: "live", heardAt: Date.now() }))
      .finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load(): Promise<void> {
    const [all, gpus] = await Promise.all([
      ask(GET("/api/scheduler/running")),
      this.#next.gpus ?? ask(GET("/api/gpu")),
    ]);
    // A cast, as openapi-fetch takes pairs for lists.
    this.#byId = new Map((all.schedulers as Scheduler[]).map((one) => [one.id, one]));
    this.#set({ gpus, ahead: all.now * 1000 - Date.now() });
    this.#hasLoaded = true;
    for (const id of this.#gone) this.#byId.delete(id);
    this.#gone.clear();
    const held = this.#held;
    this.#held = [];
    // What is older than what was loaded is in it already.
    for (const event of held)
      if (event.from === null || this.#byId.get(event.id)?.version === event.from) this.#apply(event);
    this.#publish();
  }

  #scheduler(event: SchedulerEvent): void {
    if (this.#loading) this.#held.push(event);
    else this.#apply(event);
  }

  #apply(event: SchedulerEvent): void {
    try {
      this.#byId.set(event.id, applied(this.#byId.get(event.id), event));
      this.#publish();
    } catch (error) {
      if (!(error instanceof Missed)) throw error;
      this.#reload();
    }
  }

  #publish(): void {
    this.#set({ schedulers: inOrder(this.#byId.values()) });
  }

  #set(change: Partial<Known>): void {
    this.#next = { ...this.#next, ...change };
    if (this.#drawing) return;
    const wait = Math.max(0, this.#drawn + BETWEEN - Date.now());
    this.#drawing = setTimeout(() => {
      this.#drawing = null;
      this.#drawn = Date.now();
      this.#known = this.#next;
      this.#listeners.forEach((listener) => listener());
    }, wait);
  }
}

/** By mode and configuration, living ones first: a list stays as it is, also where one dies and is gone on with. */
function inOrder(all: Iterable<Scheduler>): Scheduler[] {
  const rank = (one: Scheduler) =>
    `${one.state?.mode === "single" ? 0 : 1} ${String(one.configuration ?? 99_999).padStart(5, "0")} ${one.alive ? 0 : 1} ${one.id}`;
  return [...all].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

export const live = new Live();

export function useKnown(): Known {
  return useSyncExternalStore(live.subscribe, live.snapshot);
}

export function useIsLive(): boolean {
  return useSyncExternalStore(live.subscribe, () => live.snapshot().connection === "live");
}

/** What was asked for under `key` is asked for again once that file is saved, by anybody. */
export function useFreshFile(which: Exclude<FileKind, "commands">, key: readonly string[]): void {
  const queries = useQueryClient();
  const changed = useEffectEvent((event: FileEvent) => {
    if (event.kind === which) void askAnew(queries, key);
  });
  useEffect(() => live.onFile((event) => changed(event)), []);
  useAnew(key);
}

/** What was asked for under `key` is asked for again by who comes to it, and once there is a connection again: of
 * what was saved meanwhile nothing was heard. */
export function useAnew(key: readonly string[]): void {
  const queries = useQueryClient();
  const isLive = useIsLive();
  const ask = useEffectEvent(
    () => void queries.invalidateQueries({ queryKey: key }, { cancelRefetch: false }),
  );
  useEffect(() => {
    if (isLive) ask();
  }, [isLive]);
}

/** The console's clock, in wall-clock seconds. */
export function serverNow(): number {
  return (Date.now() + live.snapshot().ahead) / 1000;
}
