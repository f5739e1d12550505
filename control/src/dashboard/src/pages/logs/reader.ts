/** One log as it is read: by stretches, and as it grows. Holds a few MB of it, whatever its size. */
import { ask, GET, Refused } from "@/api/client";
import { serverNow } from "@/api/live";
import type { LogPart } from "@/api/types";
import { linesOf } from "./lines";
import { added, holds, numbered, trimmed, type Segment } from "./segments";
import { Stream } from "./stream";

/** Bytes of one read. */
const STEP = 256 * 1024;
const HEAD_BYTES = 32 * 1024;
const HEAD_LINES = 20;
/** Bytes of text that are held at most. */
const MOST = 6 * 1024 * 1024;
/** Bytes that may have come unseen and be read at once. */
const SMALL = 512 * 1024;
const LOOK_EVERY = 4_000;
/** Milliseconds between two drawings of what comes. */
const BETWEEN = 200;

export interface Read {
  readonly path: string;
  readonly segments: readonly Segment[];
  readonly size: number;
  readonly mtime: number;
  readonly isLoading: boolean;
  /** Why it can't be read; what was read stays. */
  readonly error: unknown;
  readonly isFollowed: boolean;
  /** ended: its writer has. gone: there is no such file now. */
  readonly end: "ended" | "gone" | null;
  /** Times it began anew, as it was emptied or replaced. */
  readonly restarts: number;
}

export class LogReader {
  #read: Read;
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #poll: ReturnType<typeof setInterval> | null = null;
  #known = new Map<number, number>();
  #busy = new Set<string>();
  #generation = "";
  #center = Infinity;
  #stream: Stream | null = null;
  #isOpen = false;

  constructor(path: string) {
    this.#read = {
      path,
      segments: [],
      size: 0,
      mtime: 0,
      isLoading: true,
      error: null,
      isFollowed: false,
      end: null,
      restarts: 0,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): Read => this.#read;

  /** Its end, and its first lines. */
  async open(): Promise<void> {
    this.#isOpen = true;
    this.#poll ??= setInterval(() => void this.#look(), LOOK_EVERY);
    this.#set({ isLoading: true, error: null });
    await this.#fetch("open", async () => {
      const tail = await this.#part({ bytes: STEP });
      this.#add(tail);
      if (tail.from > 0) {
        const head = await this.#part({
          from: 0,
          bytes: Math.min(HEAD_BYTES, Math.max(16, tail.from)),
          lines: HEAD_LINES,
        });
        this.#add(head);
      }
    });
    this.#set({ isLoading: false });
  }

  close(): void {
    this.#isOpen = false;
    if (this.#poll) clearInterval(this.#poll);
    this.#poll = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.follow(false);
  }

  /** What is looked at: of what is held, it is let go of last. */
  look(byte: number): void {
    this.#center = byte;
  }

  /** Some of a gap: from its end where one comes from below. */
  async fill(gap: { from: number; to: number }, isFromBelow: boolean): Promise<void> {
    const bytes = Math.max(16, Math.min(STEP, gap.to - gap.from));
    await this.#fetch(`${gap.from}-${gap.to}`, async () => {
      this.#add(await this.#part(isFromBelow ? { before: gap.to, bytes } : { from: gap.from, bytes }));
    });
  }

  /** What is round a byte; false: it can't be had. */
  async goTo(byte: number): Promise<boolean> {
    this.#center = byte;
    if (holds(this.#read.segments, byte)) return true;
    await this.#fetch(`at ${byte}`, async () => {
      // Where a line begins is told by what is before it.
      if (byte > 0) this.#add(await this.#part({ before: byte, bytes: STEP / 4 }));
      this.#add(await this.#part({ from: byte, bytes: STEP / 2 }));
    });
    return holds(this.#read.segments, byte);
  }

  /** The last line before a byte whose number is known. */
  knownBefore(byte: number): readonly [number, number] {
    let best: readonly [number, number] = [0, 1];
    for (const one of this.#known) if (one[0] <= byte && one[0] > best[0]) best = one;
    return best;
  }

  /** Lines whose numbers are known, by where they begin. */
  know(numbers: Iterable<readonly [number, number]>): void {
    for (const [at, number] of numbers) this.#known.set(at, number);
    this.#set({ segments: numbered(this.#read.segments, this.#known) });
  }

  follow(isWanted: boolean): void {
    if (isWanted === (this.#stream !== null)) return;
    this.#stream?.close();
    this.#stream = null;
    this.#set({ isFollowed: isWanted, end: this.#read.end === "ended" ? "ended" : null });
    if (!isWanted) return;
    const last = this.#read.segments.at(-1);
    this.#center = Infinity;
    this.#stream = new Stream(this.#read.path, last?.to ?? 0, {
      open: ({ size, mtime, generation }) => {
        this.#generation = generation;
        this.#set({ size, mtime, error: null, end: null });
      },
      data: ({ from, to, text }) => {
        const before = this.#read.segments.at(-1);
        const isNext = before?.to === from;
        // What is told after a gap begins with a line.
        const starts = isNext ? (before.lines.at(-1)?.ends ?? true) : true;
        const lines = linesOf(text, from, to, starts, serverNow());
        this.#keep({ from, to, lines, first: from === 0 ? 1 : null });
        this.#soon({
          size: Math.max(this.#read.size, to),
          mtime: serverNow(),
          end: null,
        });
      },
      restarted: ({ size, mtime, generation }) => this.#restart({ size, mtime, generation }),
      gone: () => this.#set({ end: "gone" }),
      refused: (error) => {
        this.#stream = null;
        this.#set({ error, isFollowed: false });
      },
      ended: () => {
        this.#stream = null;
        this.#set({ end: "ended", isFollowed: false });
      },
    });
  }

  /** Whether it has grown, where it is not followed. */
  async #look(): Promise<void> {
    if (this.#stream || this.#read.isLoading || document.visibilityState === "hidden") return;
    const last = this.#read.segments.at(-1);
    const from = last?.to ?? 0;
    await this.#fetch("look", async () => {
      const part = await this.#part({ from, bytes: 16 });
      const { size, mtime } = part;
      if (part.replaced || size < from) {
        this.#restart(part);
        this.#add(await this.#part({ bytes: STEP }));
      } else if (size > from && size - from <= SMALL) this.#add(await this.#part({ from, bytes: STEP }));
      else if (size !== this.#read.size || mtime !== this.#read.mtime || this.#read.error)
        this.#set({ size, mtime, error: null });
    });
  }

  #restart(of: { size: number; mtime: number; generation: string }): void {
    this.#generation = of.generation;
    this.#known.clear();
    this.#set({
      segments: [],
      size: of.size,
      mtime: of.mtime,
      end: null,
      restarts: this.#read.restarts + 1,
    });
  }

  #part(query: { from?: number; before?: number; bytes: number; lines?: number }): Promise<LogPart> {
    return ask(
      GET("/api/log/read", { params: { query: { log_path: this.#read.path, ...this.#same(), ...query } } }),
    );
  }

  #same(): { generation?: string } {
    return this.#generation ? { generation: this.#generation } : {};
  }

  #add(part: LogPart): void {
    const { from, to, text, at_line_start, size, mtime, generation } = part;
    if (this.#generation && generation !== this.#generation) this.#restart(part);
    this.#generation = generation;
    this.#keep({ from, to, lines: linesOf(text, from, to, at_line_start), first: from === 0 ? 1 : null });
    this.#set({ path: part.log_path, size, mtime, error: null });
  }

  #keep(part: Segment): void {
    if (!part.lines.length) return;
    const all = numbered(added(this.#read.segments, part), this.#known);
    this.#read = { ...this.#read, segments: trimmed(all, this.#center, MOST, HEAD_BYTES) };
  }

  /** The same is not asked for twice at once. */
  async #fetch(what: string, act: () => Promise<void>): Promise<void> {
    if (this.#busy.has(what)) return;
    this.#busy.add(what);
    try {
      await act();
    } catch (error) {
      const isGone = error instanceof Refused && error.status === 404 && this.#read.segments.length > 0;
      if (isGone) this.#set({ end: "gone" });
      else this.#set({ error });
    } finally {
      this.#busy.delete(what);
    }
  }

  #set(change: Partial<Read>): void {
    this.#read = { ...this.#read, ...change };
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#listeners.forEach((listener) => listener());
  }

  #soon(change: Partial<Read>): void {
    // Not seen by who draws until they are told.
    this.#read = { ...this.#read, ...change };
    this.#timer ??= setTimeout(() => this.#set({}), BETWEEN);
    if (!this.#isOpen) clearTimeout(this.#timer);
  }
}
