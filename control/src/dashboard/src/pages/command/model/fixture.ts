/** Tasks for tests. */
import type { FileOptions, FileQueue, FileTask } from "@/api/types";
import { NO_OPTIONS } from "./edits";

/** `options`: what differs from none. */
export function block(
  place: string,
  commands: string,
  options: Partial<FileOptions> = {},
  more: Partial<FileTask> = {},
): FileTask {
  const [queue_id = 1, process_index = 0] = place.split("/").map(Number);
  const base = { block: 0, first_line: 1, last_line: 4, gpu_count: 1, memory_gb: 10, repeat: 1 };
  return { ...base, queue_id, process_index, commands, options: { ...NO_OPTIONS, ...options }, ...more };
}

export function queue(...tasks: FileTask[]): FileQueue {
  return { queue_id: tasks[0]?.queue_id ?? 1, queue_name: null, tasks };
}
