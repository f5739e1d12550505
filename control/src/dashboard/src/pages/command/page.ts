/** What the parts of the page share: which configuration is shown, what is known of it, who runs it. */
import { createContext, use, useMemo } from "react";
import { useKnown } from "@/api/live";
import type { Mode, Scheduler, Task } from "@/api/types";
import type { Which } from "./model/calls";
import type { File } from "./model/useFile";

/** In the address. `queue`: its id; `task`: "3/1", opened; `open`: a drawer. */
export const NAMES = ["mode", "configuration", "view", "queue", "task", "open"] as const;
export type Said = Record<(typeof NAMES)[number], string>;
export type Say = (change: Partial<Said>) => void;

export interface Shared {
  which: Which;
  said: Said;
  say: Say;
  file: File;
  scheduler: Scheduler | null;
  /** By "3/1" as it is saved. */
  tasks: ReadonlyMap<string, Task>;
  whyNot: string | undefined;
}

const Context = createContext<Shared | null>(null);
export const PageProvider = Context.Provider;

export function usePage(): Shared {
  const shared = use(Context);
  if (!shared) throw new Error("outside of the page");
  return shared;
}

/** The one that runs it, else the one that was the last to. */
export function schedulerOf(all: readonly Scheduler[], { mode, index }: Which): Scheduler | null {
  const its = all.filter((one) => one.state?.mode === mode && one.configuration === index);
  return its.find((one) => one.alive) ?? its[0] ?? null;
}

export function useScheduler(which: Which): Pick<Shared, "scheduler" | "tasks"> {
  const { schedulers } = useKnown();
  const scheduler = schedulerOf(schedulers, which);
  const state = scheduler?.state;
  const tasks = useMemo(
    () =>
      new Map(
        (state?.queues ?? []).flatMap((queue) =>
          queue.tasks
            .filter((task) => task.in_file)
            .map((task): [string, Task] => [`${queue.queue_id}/${task.index}`, task]),
        ),
      ),
    [state],
  );
  return { scheduler, tasks };
}

/** What an address says, as far as it makes sense. */
export function whichOf(said: Said): Which {
  const mode: Mode = said.mode === "multi" ? "multi" : "single";
  const index = /^\d{1,4}$/.test(said.configuration) ? Number(said.configuration) : 0;
  return { mode, index };
}

/** "3/1" as a queue's id and a place. */
export function placeOf(task: string): { queue: number; at: number } | null {
  const found = /^(\d+)\/(\d+)$/.exec(task);
  return found ? { queue: Number(found[1]), at: Number(found[2]) } : null;
}
