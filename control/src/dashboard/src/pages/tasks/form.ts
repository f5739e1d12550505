/** A new task as it is written in the form, and as it is sent. Pure. */
import type { Card, Fault, TaskCreate, TaskDetail, TaskSummary } from "@/api/types";

/** As inputs have it: "" is nothing said. */
export interface Draft {
  name: string;
  gpuType: string;
  gpus: number | string;
  memory: number | string;
  commands: string;
  hold: boolean;
  /** At whose end it stands; null: its own. */
  queue: number | null;
  cwd: string;
  retries: number | string;
  timeout: string;
  priority: number | string;
  devices: string;
  env: string;
  tmux: boolean;
  simulate: string | null;
  copyOf: number | null;
}

export const EMPTY: Draft = {
  name: "",
  gpuType: "",
  gpus: 1,
  memory: "",
  commands: "",
  hold: false,
  queue: null,
  cwd: "",
  retries: "",
  timeout: "",
  priority: "",
  devices: "",
  env: "",
  tmux: false,
  simulate: null,
  copyOf: null,
};

/** What a copy begins with. */
export function copied(task: TaskDetail): Draft {
  return {
    name: task.name ?? "",
    gpuType: task.gpu_type ?? "",
    gpus: task.gpu_count,
    memory: task.memory_gb ?? "",
    commands: task.command,
    hold: false,
    queue: null,
    cwd: task.cwd ?? "",
    retries: task.retries ?? "",
    timeout: task.timeout ?? "",
    priority: task.priority || "",
    devices: task.devices ?? "",
    env: Object.entries(task.env)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
    tmux: task.tmux,
    simulate: task.simulate ?? null,
    copyOf: task.id,
  };
}

export function isSame(one: Draft, other: Draft): boolean {
  return (Object.keys(one) as (keyof Draft)[]).every((name) => one[name] === other[name]);
}

const FOLDED = ["cwd", "retries", "timeout", "priority", "devices", "env", "tmux"] as const;

/** Whether what is folded away says something. */
export function saysMore(draft: Draft): boolean {
  return FOLDED.some((name) => draft[name] !== EMPTY[name]);
}

export function bodyOf(draft: Draft): TaskCreate {
  return {
    name: draft.name.trim() || null,
    gpu_type: draft.gpuType || null,
    gpu_count: number(draft.gpus) ?? 1,
    memory_gb: number(draft.gpus) === 0 ? null : number(draft.memory),
    command: draft.commands,
    hold: draft.hold,
    queue: draft.queue,
    cwd: draft.cwd.trim() || null,
    retries: number(draft.retries),
    timeout: draft.timeout.trim() || null,
    priority: number(draft.priority) ?? 0,
    devices: draft.devices.trim() || null,
    env: envOf(draft.env),
    tmux: draft.tmux,
    simulate: draft.simulate,
    copy_of: draft.copyOf,
  };
}

export interface Queue {
  id: number;
  /** Of its last task. */
  name: string | null;
}

/** Queues of tasks that have not ended, those that were added to last first. */
export function queuesOf(unfinished: readonly TaskSummary[]): Queue[] {
  const queues = new Map<number, string | null>();
  for (const task of [...unfinished].sort((a, b) => b.id - a.id)) {
    const id = Number.parseInt(task.task, 10);
    if (!queues.has(id)) queues.set(id, task.name);
  }
  return [...queues].map(([id, name]) => ({ id, name }));
}

/** The cards that a scheduler has: those it simulates ("4x24"), or the machine's. */
export function cardsOf(cards: readonly Card[], simulate: string | null): Card[] {
  if (simulate === null) return cards.filter((card) => !card.simulated);
  const [count, gb] = simulate.toLowerCase().split("x").map(Number.parseFloat);
  return cards.filter((card) => card.simulated && card.total_gb === gb && Number(card.index) < (count ?? 0));
}

function number(value: number | string): number | null {
  const found = typeof value === "number" ? value : Number.parseFloat(value);
  return Number.isFinite(found) ? found : null;
}

/** Of lines NAME=value. */
export function envOf(text: string): Record<string, string> {
  const pairs = lines(text)
    .filter((line) => line.includes("="))
    .map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    });
  return Object.fromEntries(pairs);
}

/** The first line that sets nothing. */
export function wrongLine(text: string): string | undefined {
  return lines(text).find((line) => !line.includes("="));
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim());
}

export type Field = "name" | "memory" | "commands" | "cwd" | "timeout" | "devices" | "env" | "retries";

const FIELDS: Record<string, Field> = {
  command: "commands",
  cwd: "cwd",
  env: "env",
  name: "name",
  timeout: "timeout",
  devices: "devices",
  memory_gb: "memory",
  retries: "retries",
};

export type Faults = Partial<Record<Field | "", string[]>>;

/** Each fault at its field, as far as it says which; the others under "". `line`: a line's number in words. */
export function faultsByField(faults: readonly Fault[], line: (number: number) => string): Faults {
  const found: Faults = {};
  for (const fault of faults) {
    const where = fault.file.split(".")[1] ?? /^(\w+):/.exec(fault.problem)?.[1] ?? "";
    const field = FIELDS[where] ?? "";
    const place = fault.line > 0 && field === "commands" ? `${line(fault.line)}: ` : "";
    (found[field] ??= []).push(place + fault.problem + (fault.hint ? `; ${fault.hint}` : ""));
  }
  return found;
}
