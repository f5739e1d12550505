/** A command file's text as queues of tasks that forms can change. Pure.
 *
 * Each task has an id that lives in this page alone: blocks are numbered by their place in the text, which changes
 * under one's hands. */
import type { Broken, CommandFile, Fault, FileQueue, FileTask, QueueToSave, TaskToSave } from "@/api/types";

export interface Item extends Omit<FileTask, "block"> {
  id: string;
  /** Which block of the text says it; null: none does yet. */
  block: number | null;
}

export interface ItemQueue {
  queue_id: number;
  queue_name: string | null;
  tasks: Item[];
}

/** What is known of a text. */
export interface Sheet {
  text: string;
  /** null: too large, only the text has them. */
  queues: readonly ItemQueue[] | null;
  broken: readonly Broken[];
  faults: readonly Fault[];
  faultCount: number;
}

type Queues = readonly ItemQueue[];

let made = 0;
export function freshId(): string {
  made += 1;
  return `t${made}`;
}

/** As the API says it. `ids`: who gives the items theirs, as those that the same text, or an earlier one, had. */
export function sheetOf(
  told: Pick<CommandFile, "text" | "broken" | "structure"> & { faults: readonly Fault[]; count: number },
  ids: (queues: readonly FileQueue[]) => ItemQueue[] = withNewIds,
): Sheet {
  return {
    text: told.text,
    queues: told.structure && ids(told.structure),
    broken: told.broken,
    faults: told.faults,
    faultCount: told.count,
  };
}

export function withNewIds(queues: readonly FileQueue[]): ItemQueue[] {
  return withIds(queues, () => freshId());
}

export function withIds(queues: readonly FileQueue[], id: (task: FileTask) => string): ItemQueue[] {
  return queues.map((queue) => ({
    ...queue,
    tasks: queue.tasks.map((task) => ({ ...task, id: id(task) })),
  }));
}

/** The ids of what was sent: the answer has the same tasks in the same queues, in the same order. */
export function carried(sent: Queues): (answer: readonly FileQueue[]) => ItemQueue[] {
  return (answer) =>
    answer.map((queue) => {
      const before = sent.find((one) => one.queue_id === queue.queue_id);
      return {
        ...queue,
        tasks: queue.tasks.map((task, at) => ({ ...task, id: before?.tasks[at]?.id ?? freshId() })),
      };
    });
}

/** With the block numbers of `confirmed`, which came while `queues` were changed further. */
export function renumbered(queues: Queues, confirmed: Queues): ItemQueue[] {
  const blocks = new Map(confirmed.flatMap((queue) => queue.tasks.map((task) => [task.id, task.block])));
  return queues.map((queue) => ({
    ...queue,
    tasks: queue.tasks.map((task) => ({ ...task, block: blocks.get(task.id) ?? null })),
  }));
}

/** What the text is to have: of each block only what it does not say yet. */
export function toSave(queues: Queues, confirmed: Queues): QueueToSave[] {
  const before = new Map(confirmed.flatMap((queue) => queue.tasks.map((task) => [task.id, task])));
  return queues.map(({ queue_id, tasks }) => ({
    queue_id,
    tasks: tasks.map((task) => difference(task, before.get(task.id))),
  }));
}

function difference(task: Item, before: Item | undefined): TaskToSave {
  const { commands, gpu_count, memory_gb, options, repeat } = task;
  if (task.block === null || !before) return { commands, gpu_count, memory_gb, options, repeat };
  return {
    block: task.block,
    ...(commands !== before.commands && { commands }),
    ...(gpu_count !== before.gpu_count && { gpu_count }),
    ...(memory_gb !== before.memory_gb && { memory_gb }),
    ...(options !== before.options && { options }),
    ...(repeat !== before.repeat && { repeat }),
  };
}

export function found(queues: Queues, id: string): { queue: ItemQueue; at: number; task: Item } | undefined {
  for (const queue of queues) {
    const at = queue.tasks.findIndex((task) => task.id === id);
    const task = queue.tasks[at];
    if (task) return { queue, at, task };
  }
  return undefined;
}

export function labelOf(task: Pick<Item, "queue_id" | "process_index">): string {
  return `${task.queue_id}/${task.process_index}`;
}

/** Places and lines anew, names of queues from their tasks, and no empty queue: the text has none. */
export function inOrder(queues: Queues): ItemQueue[] {
  return queues
    .filter((queue) => queue.tasks.length)
    .map((queue) => {
      let place = 0;
      const tasks = queue.tasks.map((task) => {
        const process_index = place;
        place += task.repeat;
        return task.process_index === process_index && task.queue_id === queue.queue_id
          ? task
          : { ...task, process_index, queue_id: queue.queue_id };
      });
      const queue_name = tasks.find((task) => task.options.queue_name)?.options.queue_name ?? null;
      return { queue_id: queue.queue_id, queue_name, tasks };
    });
}
