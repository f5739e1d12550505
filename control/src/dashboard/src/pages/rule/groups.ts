/** Which keys stand together, and in what unit they are. */
import type { ConfigKey } from "@/api/types";

export const GROUPS = {
  gpus: ["use_all_gpus", "compete_gpus", "min_gpu", "max_gpu", "gpu_left"],
  sharing: [
    "maximize_resource_utilization",
    "memory_save_mode",
    "memory_margin_gb",
    "busy_memory_percent",
    "avoid_others",
    "others_growth_percent",
    "min_memory_gb",
    "reserve_after",
    "sample_window",
    "sample_interval",
  ],
  failing: [
    "max_retries",
    "retry_config.max_retry_before_backoff",
    "retry_config.backoff_duration",
    "on_failure",
    "timeout",
    "fuse_tasks",
    "stop_grace",
    "kill_leftovers",
  ],
  tasks: [
    "work_dir",
    "gpu_command_file",
    "gpus_command_file",
    "max_tasks",
    "cpu_tasks",
    "cuda_visible_as",
    "table_command",
    "hooks",
    "hook_timeout",
  ],
  notify: [
    "notify.urls",
    "notify.task_failed",
    "notify.queue_done",
    "notify.all_done",
    "notify.gpu_lost",
    "notify.fuse",
    "notify.waiting_longer",
  ],
  scheduler: ["check_time", "heartbeat", "lease_dir", "state_dir", "log_max_mb", "keep_days"],
} as const;

export type Group = keyof typeof GROUPS | "more";

/** What a newer console knows besides comes last. */
export function grouped(keys: readonly ConfigKey[]): [Group, ConfigKey[]][] {
  const known = new Map(keys.map((key) => [key.key, key]));
  const groups = Object.entries(GROUPS).map(([group, names]): [Group, ConfigKey[]] => [
    group as Group,
    names.flatMap((name) => known.get(name) ?? []),
  ]);
  const named = new Set<string>(Object.values(GROUPS).flat());
  const more = keys.filter((key) => !named.has(key.key));
  return more.length ? [...groups, ["more", more]] : groups;
}

export type Unit = "gpus" | "gb" | "s" | "percent" | "mb" | "days";

const UNITS: Record<string, Unit> = {
  min_gpu: "gpus",
  max_gpu: "gpus",
  gpu_left: "gpus",
  timeout: "s",
  reserve_after: "s",
  stop_grace: "s",
  hook_timeout: "s",
  check_time: "s",
  heartbeat: "s",
  sample_window: "s",
  sample_interval: "s",
  "retry_config.backoff_duration": "s",
  "notify.waiting_longer": "s",
  log_max_mb: "mb",
  keep_days: "days",
};

export function unitOf(key: string): Unit | null {
  if (key.endsWith("_gb")) return "gb";
  if (key.endsWith("_percent")) return "percent";
  return UNITS[key] ?? null;
}
