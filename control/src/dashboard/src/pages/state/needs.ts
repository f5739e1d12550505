/** What waits for a person: a scheduler that died, a task that failed for good, one that cannot start. Pure. */
import type { Blocker, Cause, Scheduler, SchedulerState, TaskState } from "@/api/types";

export type Waiting = Extract<TaskState, { status?: "waiting" }>;

export type Need =
  | { kind: "died"; id: string; one: Scheduler }
  | { kind: "failed"; id: string; task: string; at: number; error: string; cause: Cause; log: string | null }
  | { kind: "never"; id: string; task: string; state: Waiting }
  | {
      kind: "off";
      id: string;
      task: string;
      state: Waiting;
      /** Cards that are off and would do. */
      off: string[];
      /** How many would do that are on. */
      on: number;
    };

const MOST = 3;

/** What no end of anything will change: a card that is set aside, or can't be read for a moment, comes back. */
function isLasting(blocker: Blocker): boolean {
  if (blocker.kind === "card_unusable") return blocker.why !== "aside" && blocker.why !== "unreadable";
  return blocker.kind === "too_few_cards";
}

export function needsOf(schedulers: readonly Scheduler[]): Need[] {
  const died = schedulers.filter((one) => one.ended === "died");
  const living = schedulers.filter((one) => one.alive || one.ended === "died");
  const tasks = living.flatMap((one) =>
    (one.state?.queues ?? []).flatMap((queue) =>
      queue.tasks.map((task) => ({
        id: `${one.id} ${task.key}`,
        cards: one.state?.gpus ?? [],
        name: `${queue.queue_id}/${task.index}`,
        task,
      })),
    ),
  );
  const failed = tasks.flatMap(({ id, name, task }): Extract<Need, { kind: "failed" }>[] => {
    const { state } = task;
    if (state.status !== "failed") return [];
    return [
      {
        kind: "failed",
        id,
        task: name,
        at: state.ended_at,
        error: state.error,
        cause: state.cause,
        log: task.log_path,
      },
    ];
  });
  const never = tasks.flatMap(({ id, name, task, cards }): Need[] => {
    const { state } = task;
    if (state.status !== "waiting") return [];
    const kept = keptByOff(state, cards);
    if (kept) return [{ kind: "off", id, task: name, state, ...kept }];
    return state.stuck && state.blockers.every(isLasting) ? [{ kind: "never", id, task: name, state }] : [];
  });
  failed.sort((a, b) => b.at - a.at);
  const all: Need[] = [...died.map((one): Need => ({ kind: "died", id: one.id, one })), ...failed, ...never];
  // One of each kind before a second one of any.
  const first = (["died", "failed", "off", "never"] as const).flatMap(
    (kind) => all.find((one) => one.kind === kind) ?? [],
  );
  return [...first, ...all.filter((one) => !first.includes(one))].slice(0, MOST);
}

/** Whether it has to wait even for free cards, until one that was turned off is on again. */
function keptByOff(state: Waiting, cards: SchedulerState["gpus"]): { off: string[]; on: number } | null {
  const turnedOff = new Set(
    state.blockers.flatMap((one) => (one.kind === "card_unusable" && one.why === "off" ? [one.gpu] : [])),
  );
  const large = cards.filter(({ total_gb }) => total_gb >= (state.memory_gb ?? 0));
  const off = large.filter(({ index }) => turnedOff.has(index)).map(({ index }) => index);
  const on = large.length - off.length;
  return off.length && on < state.gpus && large.length >= state.gpus ? { off, on } : null;
}
