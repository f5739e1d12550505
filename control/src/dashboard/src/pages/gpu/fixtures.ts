/** Cards and processes for tests. */
import type { Card, GpuAllowance, GpuProcess, Gpus } from "@/api/types";

export function card(change: Partial<Card> = {}): Card {
  return {
    uuid: `GPU-${change.index ?? "0"}`,
    index: "0",
    name: "NVIDIA GeForce RTX 4090",
    health: "ok",
    total_gb: 24,
    free_gb: 23.5,
    free: false,
    own_used_gb: 0,
    own_promised_gb: 0,
    tasks: [],
    other_leases: [],
    others_gb: 0,
    use: 0,
    temperature_c: 31,
    power_w: 18,
    power_limit_w: 450,
    off_since: null,
    aside: null,
    in_range: true,
    mig: false,
    simulated: false,
    ...change,
  };
}

export function process(change: Partial<GpuProcess> = {}): GpuProcess {
  return {
    pid: 4242,
    user: "alice",
    own: false,
    command: "python",
    used_gb: 4,
    started_at: 1_000,
    compute: true,
    ours: null,
    scheduler: null,
    lease: null,
    ...change,
  };
}

export function task(change: Partial<Card["tasks"][number]> = {}): Card["tasks"][number] {
  return {
    scheduler: 7,
    task: "1/2",
    name: "cars",
    key: "k",
    used_gb: 10,
    asked_gb: 12,
    since: 1_000,
    ...change,
  };
}

export function lease(change: Partial<Card["other_leases"][number]> = {}): Card["other_leases"][number] {
  return { user: "小李", label: "queue 3", declared_gb: 8, exclusive: false, used_gb: 0, ...change };
}

export function allowance(change: Partial<GpuAllowance> = {}): GpuAllowance {
  return { held: 1, allowed: 5, available: 6, gpu_left: 1, min_gpu: 0, max_gpu: null, ...change };
}

export function gpus(cards: Card[], change: Partial<Gpus> = {}): Gpus {
  return {
    now: 10_000,
    looked_at: 9_999,
    problem: null,
    memory_margin_gb: 0.5,
    allowance: allowance(),
    cards,
    ...change,
  };
}
