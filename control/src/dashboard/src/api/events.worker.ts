/** The console's events, once for all tabs of a browser: it has six connections for a console, and a stream holds
 * one of them for as long as it lasts. */
import { begin, type Heard, type Wish } from "./events";

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

function hear(heard: Heard): void {
  if (heard.kind === "error") end();
  else hasBegun = true;
  tell(heard);
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
      if (!source) source = begin(hear);
      else if (hasBegun) tab.postMessage({ kind: "joined", data: "" } satisfies Heard);
    };
};
