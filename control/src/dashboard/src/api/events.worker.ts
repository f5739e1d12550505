/** The console's events, once for all tabs of a browser: it has six connections for a console, and a stream holds
 * one of them for as long as it lasts. */
import { KINDS, type Heard, type Wish } from "./events";

interface Joined extends Event {
  readonly ports: readonly MessagePort[];
}
declare const self: { onconnect: (event: Joined) => void };

const tabs = new Set<MessagePort>();
let source: EventSource | null = null;
/** The first event has come, which has told every tab where things stand. */
let hasBegun = false;

function tell(heard: Heard): void {
  for (const tab of tabs) tab.postMessage(heard);
}

function end(): void {
  source?.close();
  source = null;
  hasBegun = false;
}

function begin(): void {
  const opened = (source = new EventSource("/api/events"));
  for (const kind of KINDS)
    opened.addEventListener(kind, (event) => {
      hasBegun = true;
      tell({ kind, data: (event as MessageEvent<string>).data });
    });
  opened.onerror = () => {
    end();
    tell({ kind: "error", data: "" });
  };
}

self.onconnect = ({ ports }) => {
  for (const tab of ports)
    tab.onmessage = ({ data: wish }: MessageEvent<Wish>) => {
      if (wish === "close") {
        tabs.delete(tab);
        if (!tabs.size) end();
        return;
      }
      tabs.add(tab);
      if (wish === "anew") end();
      if (!source) begin();
      else if (hasBegun) tab.postMessage({ kind: "joined", data: "" } satisfies Heard);
    };
};
