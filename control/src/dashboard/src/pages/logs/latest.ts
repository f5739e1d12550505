/** Which of the latest logs are shown, and in which order. Pure. */
import type { LogAttempt } from "@/api/types";
import { sorted, sortOf } from "@/parts/sorting";

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

const SORTS = ["failed", "size", "when"] as const;
/** As the console lists them: failed first, then the newest. */
export const USUAL = "-failed";

/** There is no failed last; nonsense in an address counts as not said. */
export function orderOf(said: string): string {
  return sortOf(said, SORTS) && said !== "failed" ? said : USUAL;
}

export function inOrder(logs: readonly LogAttempt[], said: string): readonly LogAttempt[] {
  const sort = sortOf(orderOf(said), SORTS);
  if (!sort || sort.by === "failed") return logs;
  return sorted(logs, sort.most, (one) => (sort.by === "size" ? one.size : one.mtime));
}
