/** A log's events as it grows. Goes on by itself where it was cut off. */
import { Refused } from "@/api/client";

interface Facts {
  size: number;
  mtime: number;
  generation: string;
}

export interface Told {
  open: (facts: Facts) => void;
  data: (part: { from: number; to: number; text: string }) => void;
  restarted: (facts: Facts) => void;
  gone: () => void;
  refused: (error: Error) => void;
  ended: () => void;
}

const AGAIN = 3_000;
/** Milliseconds out of sight before it is let go: a browser has six connections for all tabs of a console. */
const UNSEEN = 5_000;

export class Stream {
  #source: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #rest: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly path: string,
    private at: number,
    private readonly told: Told,
  ) {
    this.#connect();
    document.addEventListener("visibilitychange", this.#look);
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#look);
    if (this.#rest) clearTimeout(this.#rest);
    this.#letGo();
  }

  readonly #look = (): void => {
    if (this.#rest) clearTimeout(this.#rest);
    this.#rest = null;
    if (document.hidden) this.#rest = setTimeout(() => this.#letGo(), UNSEEN);
    else if (!this.#source) this.#connect();
  };

  #letGo(): void {
    this.#source?.close();
    if (this.#retry) clearTimeout(this.#retry);
    this.#source = this.#retry = null;
  }

  #connect(): void {
    const query = new URLSearchParams({ log_path: this.path, from: String(this.at) });
    const source = (this.#source = new EventSource(`/api/log/follow?${query}`));
    const on = (kind: string, then: (data: never) => void) =>
      source.addEventListener(kind, (event: Event) => {
        // The browser has an "open" of its own, which says nothing.
        if (event instanceof MessageEvent) then(JSON.parse(String(event.data)) as never);
      });
    on("open", this.told.open);
    on("data", (part: { from: number; to: number; text: string }) => {
      this.at = part.to;
      this.told.data(part);
    });
    on("truncated", (facts: Facts) => {
      this.at = 0;
      this.told.restarted(facts);
    });
    on("gone", this.told.gone);
    on("refused", ({ type, detail }: { type: string; detail: string }) => {
      this.close();
      this.told.refused(new Refused(403, { type, title: type, status: 403, detail, faults: [] }));
    });
    on("end", () => {
      this.close();
      this.told.ended();
    });
    source.onerror = () => {
      // An answer that is no stream (503: too many follow) is not tried again by the browser.
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return;
      this.#retry = setTimeout(() => this.#connect(), AGAIN);
    };
  }
}
