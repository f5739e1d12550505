/** Who is on a card, one a row: processes, and tasks and leases of which no process is seen. Pure. */
import type { Card, GpuProcess } from "@/api/types";

export interface Row {
  id: string;
  /** null: it can't be found from here, as in a container. */
  user: string | null;
  isOurs: boolean;
  /** One's own, and no task. */
  isStray: boolean;
  what:
    | { kind: "process"; command: string; compute: boolean }
    | { kind: "task" }
    | { kind: "lease"; whole: boolean };
  /** "3/1", of a task of ours, with its name. */
  task: string | null;
  name: string | null;
  /** The label of somebody's lease. */
  lease: string | null;
  pid: number | null;
  since: number | null;
  gb: number | null;
  /** It is kept for it, and not seen in use. */
  isPromised: boolean;
}

/** Ours first, then by memory. `user`: whose console this is. */
export function rowsOf(card: Card, processes: readonly GpuProcess[], user: string): Row[] {
  const seenTasks = new Set(
    processes.flatMap((one) => (one.ours === null ? [] : taskId(one.scheduler, one.ours))),
  );
  // Two people's queues may have one label; whose process it is can't be found from everywhere.
  const isSeen = ({ user: whose, label }: Card["other_leases"][number]) =>
    processes.some((one) => one.lease === label && (one.user === null || one.user === whose));
  const names = new Map(card.tasks.map((one) => [taskId(one.scheduler, one.task), one.name]));
  const rows = [
    ...processes.map((one) => ofProcess(one, names)),
    ...card.tasks
      .filter((one) => !seenTasks.has(taskId(one.scheduler, one.task)))
      .map((one) => ofTask(card, one, user)),
    ...card.other_leases.filter((one) => !isSeen(one)).map((one, place) => ofLease(card, one, place)),
  ];
  return rows.sort((a, b) => Number(b.isOurs) - Number(a.isOurs) || (b.gb ?? 0) - (a.gb ?? 0));
}

function taskId(scheduler: number | null, task: string): string {
  return `${scheduler ?? ""} ${task}`;
}

function ofProcess(one: GpuProcess, names: ReadonlyMap<string, string | null>): Row {
  return {
    id: `process ${one.pid}`,
    user: one.user,
    isOurs: one.ours !== null,
    isStray: one.own && one.ours === null && one.lease === null,
    what: { kind: "process", command: one.command, compute: one.compute },
    task: one.ours,
    name: one.ours === null ? null : (names.get(taskId(one.scheduler, one.ours)) ?? null),
    lease: one.lease,
    pid: one.pid,
    since: one.started_at,
    gb: one.used_gb,
    isPromised: false,
  };
}

function ofTask(card: Card, one: Card["tasks"][number], user: string): Row {
  return {
    id: `task ${taskId(one.scheduler, one.task)}`,
    user,
    isOurs: true,
    isStray: false,
    what: { kind: "task" },
    task: one.task,
    name: one.name,
    lease: null,
    pid: null,
    since: one.since,
    // A simulated task uses what it asks for; of a real one without processes it is what it is promised.
    gb: one.used_gb ?? one.asked_gb ?? card.total_gb,
    isPromised: one.used_gb === null && !card.simulated,
  };
}

function ofLease(card: Card, one: Card["other_leases"][number], place: number): Row {
  return {
    id: `lease ${one.user} ${one.label} ${place}`,
    user: one.user,
    isOurs: false,
    isStray: false,
    what: { kind: "lease", whole: one.declared_gb === null },
    task: null,
    name: null,
    lease: one.label,
    pid: null,
    since: null,
    gb: Math.max(one.declared_gb ?? card.total_gb, one.used_gb),
    isPromised: (one.declared_gb ?? card.total_gb) > one.used_gb,
  };
}
