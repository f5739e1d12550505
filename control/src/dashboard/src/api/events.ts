/** The stream of the console's events: shared by the tabs of a browser where it can be. */

const KINDS = ["hello", "scheduler", "gone", "gpu", "commands", "config", "settings", "bindings"] as const;

export interface Heard {
  /** joined: it goes on already, and what was told before has to be asked for. error: it has ended. */
  kind: (typeof KINDS)[number] | "joined" | "error";
  /** JSON, of an event. */
  data: string;
}

/** anew: nothing has come for too long. */
export type Wish = "open" | "anew" | "close";

type Hear = (heard: Heard) => void;

let port: MessagePort | null = null;

function shared(): MessagePort {
  if (port) return port;
  const worker = new SharedWorker(new URL("./events.worker.ts", import.meta.url), {
    type: "module",
    name: "gpulane-events",
  });
  port = worker.port;
  window.addEventListener("pagehide", () => port?.postMessage("close" satisfies Wish));
  return port;
}

/** Answers how to end it. */
export function listen(hear: Hear, wish: Exclude<Wish, "close">): () => void {
  if (!("SharedWorker" in window)) return alone(hear);
  const tab = shared();
  tab.onmessage = ({ data }: MessageEvent<Heard>) => hear(data);
  tab.postMessage(wish);
  return () => {
    tab.onmessage = null;
    tab.postMessage("close" satisfies Wish);
  };
}

/** Browsers of telephones share nothing. */
function alone(hear: Hear): () => void {
  const source = begin(hear);
  return () => source.close();
}

/** A stream of one's own. */
export function begin(hear: Hear): EventSource {
  const source = new EventSource("/api/events");
  for (const kind of KINDS)
    source.addEventListener(kind, (event) => hear({ kind, data: (event as MessageEvent<string>).data }));
  source.onerror = () => hear({ kind: "error", data: "" });
  return source;
}
