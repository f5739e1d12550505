/** What lies in the lanes. */
import type { OtherLease, OthersBar, TimelineBar, TimelineEstimate, TimelineTask } from "@/api/types";
import type { AttemptState } from "@/parts/ended";
import type { Range } from "./pack";

/** An attempt of a task. */
export interface Attempt extends Range {
  kind: "attempt";
  look: AttemptState;
  /** It runs: `end` is what is guessed, or never. */
  isOpen: boolean;
  bar: TimelineBar;
  task: TimelineTask;
}

/** A task that did not run. */
export interface Idle extends Range {
  kind: "idle";
  look: "waiting" | "held" | "backoff";
  /** It is still so: `end` is when it is guessed to start, or never. */
  isOpen: boolean;
  since: number;
  task: TimelineTask;
}

/** What comes. */
export interface Estimated extends Range {
  kind: "estimate";
  estimate: TimelineEstimate;
}

/** Use of a card by other people, or by what is one's own and no task. */
export interface People extends Range {
  kind: "people";
  others: OthersBar;
  /** They use it now. */
  isOpen: boolean;
}

/** Somebody's lease of a part of a card. Since when is not known. */
export interface Lease extends Range {
  kind: "lease";
  lease: OtherLease;
  uuid: string;
}

export type Item = Attempt | Idle | Estimated | People | Lease;

export function idOf(item: Item): string {
  switch (item.kind) {
    case "attempt":
      return `a ${item.bar.task} ${item.bar.attempt}`;
    case "idle":
      return `i ${item.task.id} ${item.since} ${item.start}`;
    case "estimate":
      return `e ${item.estimate.scheduler} ${item.estimate.key}`;
    case "people":
      return `p ${item.others.uuid} ${item.others.own} ${item.start}`;
    case "lease":
      return `l ${item.uuid} ${item.lease.user} ${item.lease.label}`;
  }
}

/** Until where it is drawn: what is open and not guessed ends now, and waiting has no end in sight. */
export function endOf(item: Item, now: number): number {
  switch (item.kind) {
    case "attempt":
      return item.isOpen && (item.end === Infinity || item.end < now) ? now : item.end;
    case "idle":
      return item.isOpen ? Math.max(item.end, now) : item.end;
    case "people":
      return item.isOpen ? now : item.end;
    case "lease":
      return now;
    case "estimate":
      return item.end;
  }
}
