/** Which of the latest logs are shown. Pure. */
import type { LogAttempt } from "@/api/types";

export const STATES = ["failed", "running", "completed"] as const;

export function shownOf(logs: readonly LogAttempt[], state: string, text: string): LogAttempt[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return logs.filter((one) => {
    if (state && one.status !== state) return false;
    const said = [taskOf(one), one.name, one.error, one.log_path, one.command_file].join(" ").toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

/** "2/1", or its queue alone where it has left the file. */
export function taskOf(one: LogAttempt): string {
  return one.index === null ? `${one.queue_id}/–` : `${one.queue_id}/${one.index}`;
}
