/** A small timeline for tests. */
import type { Timeline, TimelineBar, TimelineEstimate, TimelineTask } from "@/api/types";

export const NOW = 10_000;
export const FILE = "/h/command/command_gpu.txt";

export function task(id: number, name: string, more: Partial<TimelineTask> = {}): TimelineTask {
  return {
    id,
    task: name,
    name: `name of ${name}`,
    key: `k${name}`,
    run: "r",
    command_file: FILE,
    mode: "single",
    configuration: 0,
    queue_id: Number(name.split("/")[0]),
    queue_name: "cars",
    gpu_count: 1,
    memory_gb: 16,
    status: "running",
    scheduler: 7,
    ...more,
  };
}

export function bar(
  task: number,
  start: number,
  end: number | null,
  more: Partial<TimelineBar> = {},
): TimelineBar {
  return {
    task,
    attempt: 1,
    number: 1,
    start,
    end,
    how: end === null ? "running" : "completed",
    exit_code: 0,
    error: null,
    cause: null,
    gpu_ids: ["0"],
    gpu_uuids: ["G0"],
    asked_gb: 16,
    peak_gb: 12.3,
    log_path: `/h/logs/${task}.log`,
    ...more,
  };
}

export function estimate(id: number, name: string, start: number | null, end: number): TimelineEstimate {
  return {
    id,
    scheduler: 7,
    command_file: FILE,
    queue_id: Number(name.split("/")[0]),
    task: name,
    name: null,
    key: `k${name}`,
    status: start === null ? "running" : "pending",
    gpu_ids: [],
    gpu_count: 1,
    start,
    end,
  };
}

export function timeline(more: Partial<Timeline>): Timeline {
  return {
    now: NOW,
    since: 0,
    until: 2 * NOW,
    gpus: [{ uuid: "G0", index: "0", name: "NVIDIA A100-SXM4-80GB", total_gb: 80, simulated: false }],
    queues: [
      { command_file: FILE, mode: "single", configuration: 0, queue_id: 2, queue_name: "seg" },
      { command_file: FILE, mode: "single", configuration: 0, queue_id: 1, queue_name: "cars" },
    ],
    tasks: [],
    bars: [],
    spans: [],
    estimates: [],
    others: [],
    thinned: { bars: 0, spans: 0, shortest: 1 },
    ...more,
  };
}
