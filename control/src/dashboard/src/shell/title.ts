/** The tab: what runs and what has failed; a red dot once something fails while nobody looks. */
import { useEffect, useRef } from "react";
import { useKnown } from "@/api/live";
import { keep, recall } from "@/parts/kept";
import { countsOfAll } from "./counts";

const DOT = `<circle cx="25" cy="7" r="6" fill="#FF7A85"/>`;

const PLAIN = "gpulane-plain-title";
let told = "gpulane";

/** Unless it was turned off in this browser. */
export function titleCounts(): boolean {
  return recall(PLAIN) === null;
}

export function setTitleCounts(wanted: boolean): void {
  keep(PLAIN, wanted ? null : "yes");
  tellDocument();
}

function tellDocument(): void {
  document.title = titleCounts() ? told : "gpulane";
}

export function useTitle(): void {
  const { schedulers } = useKnown();
  const counts = countsOfAll(schedulers);
  const { running = 0, failed = 0 } = counts;
  const seen = useRef<number | null>(null);
  useEffect(() => {
    told = [running && `▶${running}`, failed && `✕${failed}`, "gpulane"].filter(Boolean).join(" ");
    tellDocument();
  }, [running, failed]);
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible" || seen.current === null) seen.current = failed;
      void dot(failed > seen.current);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
    };
  }, [failed]);
}

let drawn = false;
let plain: string | null = null;

async function dot(wanted: boolean): Promise<void> {
  const icon = document.getElementById("icon");
  if (wanted === drawn || !(icon instanceof HTMLLinkElement)) return;
  drawn = wanted;
  plain ??= await (await fetch("/favicon.svg")).text();
  const svg = wanted ? plain.replace("</svg>", `${DOT}</svg>`) : plain;
  icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
