/** What a line of the audit was, for a sentence. */
import type { AuditEntry, Card } from "@/api/types";
import type { en } from "./words";

export interface Told {
  did: keyof (typeof en)["did"] | null;
  said: { what: string; mode: string; pid: string; verb: string };
}

/** As the audit calls a file that was saved as its text. */
const TEXT = "the text";

const ROUTES: [RegExp, keyof (typeof en)["did"]][] = [
  [/^POST \/api\/auth\/login$/, "login"],
  [/^POST \/api\/auth\/logout$/, "logout"],
  [/^DELETE \/api\/auth\/logins\/\w+$/, "endLogin"],
  [/^POST \/api\/auth\/link$/, "link"],
  [/^PUT \/api\/config$/, "config"],
  [/^POST \/api\/config\/notify$/, "trial"],
  [/^PUT \/api\/settings$/, "settings"],
  [/^POST \/api\/commands\/(?<mode>single|multi)\/new$/, "new"],
  [/^PUT \/api\/commands\/(?<mode>single|multi)$/, "commands"],
  [/^DELETE \/api\/commands\/(?<mode>single|multi)\/\d+$/, "delete"],
  [/^POST \/api\/scheduler\/(?<mode>single|multi)\/start$/, "start"],
  [/^POST \/api\/scheduler\/(?<mode>single|multi)\/stop$/, "stopAll"],
  [/^POST \/api\/scheduler\/stop\/(?<pid>\d+)$/, "stop"],
  [/^POST \/api\/scheduler\/(?<pid>\d+)\/stop$/, "stop"],
  [/^POST \/api\/scheduler\/(?<pid>\d+)\/(?<verb>\w+)$/, "verb"],
  [/^POST \/api\/tasks$/, "submit"],
  [/^POST \/api\/tasks\/\d+\/cancel$/, "cancel"],
  [/^POST \/api\/log\/bind$/, "bind"],
  [/^DELETE \/api\/log\/bind$/, "unbind"],
  [/^START /, "autostart"],
];

export function told(entry: AuditEntry): Told {
  const line = `${entry.method} ${entry.path}`;
  const turned = /^GPU (.+) (on|off)$/.exec(entry.what);
  if (turned && line.startsWith("POST /api/gpu/"))
    return { did: turned[2] === "on" ? "gpuOn" : "gpuOff", said: said({ what: turned[1] ?? "" }) };
  for (const [route, did] of ROUTES) {
    const found = route.exec(line);
    if (!found) continue;
    const of = what(did, entry);
    // Of a scheduler as a whole, or of something in it.
    const which = did === "verb" && !of ? "verbAll" : did === "config" && of === TEXT ? "configText" : did;
    return { did: which, said: said({ ...found.groups, what: of }) };
  }
  return { did: null, said: said({ what: `${line} ${entry.what}`.trim() }) };
}

/** "GPU 3" of a card that is here, by its uuid or its index; else what it was called. */
export function cardName(what: string, cards: readonly Pick<Card, "uuid" | "index">[]): string {
  const index = cards.find((one) => one.uuid === what)?.index ?? what;
  return /^\d/.test(index) ? `GPU ${index}` : index;
}

function said(some: Partial<Told["said"]>): Told["said"] {
  return { what: "", mode: "", pid: "", verb: "", ...some };
}

function what(did: Told["did"], entry: AuditEntry): string {
  const configuration = /configuration (\d+) of (single|multi)(, as a draft)?/.exec(entry.what);
  if (configuration) return `${configuration[2] ?? ""} · ${configuration[1] ?? ""}${configuration[3] ?? ""}`;
  switch (did) {
    case "start":
      return /config_index=(\d+)/.exec(entry.what)?.[1] ?? "0";
    case "verb":
      return /task=([^,]+)/.exec(entry.what)?.[1] ?? entry.what;
    case "autostart":
      return entry.path;
    case "bind":
    case "unbind":
      return entry.what.replace(/^(single|multi) (\d+), task /, "$1 · $2, ");
    default:
      return entry.what.replace(/^(submit|cancel) /, "");
  }
}
