/** What waits for a person: a scheduler that died, a task that failed for good, one that cannot start. Pure. */
import type { Blocker, Cause, Scheduler, TaskState } from "@/api/types";

export type Waiting = Extract<TaskState, { status?: "waiting" }>;

export type Need =
  | { kind: "died"; id: string; one: Scheduler }
  | { kind: "failed"; id: string; task: string; at: number; error: string; cause: Cause; log: string | null }
  | { kind: "never"; id: string; task: string; state: Waiting; gpu: string | null };

const MOST = 3;

/** What no end of anything will change. */
const LASTING: ReadonlySet<Blocker["kind"]> = new Set<Blocker["kind"]>(["card_unusable", "too_few_cards"]);

export function needsOf(schedulers: readonly Scheduler[]): Need[] {
  const died = schedulers.filter((one) => one.ended === "died");
  const living = schedulers.filter((one) => one.alive || one.ended === "died");
  const tasks = living.flatMap((one) =>
    (one.state?.queues ?? []).flatMap((queue) =>
      queue.tasks.map((task) => ({
        id: `${one.id} ${task.key}`,
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
  const never = tasks.flatMap(({ id, name, task }): Need[] => {
    const { state } = task;
    if (state.status !== "waiting" || !state.stuck || !state.blockers.every((one) => LASTING.has(one.kind)))
      return [];
    const off = state.blockers.find((one) => one.kind === "card_unusable" && one.why === "off");
    return [{ kind: "never", id, task: name, state, gpu: off && "gpu" in off ? off.gpu : null }];
  });
  failed.sort((a, b) => b.at - a.at);
  const all: Need[] = [...died.map((one): Need => ({ kind: "died", id: one.id, one })), ...failed, ...never];
  // One of each kind before a second one of any.
  const first = (["died", "failed", "never"] as const).flatMap(
    (kind) => all.find((one) => one.kind === kind) ?? [],
  );
  return [...first, ...all.filter((one) => !first.includes(one))].slice(0, MOST);
}
