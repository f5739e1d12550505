/** How an attempt is, in the words that tasks have. */
import type { Status } from "@/api/types";

export type AttemptState = Extract<Status, "running" | "completed" | "failed" | "cancelled" | "pending">;

/** As the filter `ended` of the API has it (app/store/past.py): stopped is cancelled, as killed is, although its
 * task is pending again. Of what nobody knows the end of nothing is said. */
const STATES: Record<string, AttemptState> = {
  running: "running",
  completed: "completed",
  killed: "cancelled",
  stopped: "cancelled",
  "no end known": "pending",
};

/** `how`: the word of the API; those that are not here are failures. */
export function endedAs(how: string): AttemptState {
  return STATES[how] ?? "failed";
}
