/** What forms do to queues of tasks: each answers them as they are then. Pure. */
import type { FileOptions } from "@/api/types";
import { found, freshId, inOrder, type Item, type ItemQueue } from "./sheet";

type Queues = readonly ItemQueue[];
export type Edit = (queues: Queues) => Queues;
export type Change = Partial<Pick<Item, "commands" | "gpu_count" | "memory_gb" | "repeat">> & {
  options?: Partial<FileOptions>;
};

export const NO_OPTIONS: FileOptions = {
  cwd: null,
  devices: null,
  env: [],
  fifo: false,
  hold: false,
  model: null,
  name: null,
  on_failure: null,
  priority: 0,
  queue_devices: null,
  queue_name: null,
  retries: null,
  share: null,
  terminal: "direct",
  timeout: null,
};

export function changed(id: string, { options, ...rest }: Change): Edit {
  return (queues) =>
    inOrder(
      queues.map((queue) =>
        queue.tasks.some((task) => task.id === id)
          ? {
              ...queue,
              tasks: queue.tasks.map((task) =>
                task.id === id
                  ? { ...task, ...rest, options: options ? { ...task.options, ...options } : task.options }
                  : task,
              ),
            }
          : queue,
      ),
    );
}

export function removed(id: string): Edit {
  return (queues) => inOrder(queues.map((queue) => without(queue, id)));
}

/** What the task that goes said of its whole queue, and no other one does, the next one says. */
function without(queue: ItemQueue, id: string): ItemQueue {
  const leaving = queue.tasks.find((task) => task.id === id);
  const [next, ...rest] = queue.tasks.filter((task) => task.id !== id);
  if (!leaving || !next) return { ...queue, tasks: next ? [next, ...rest] : [] };
  const options = { ...next.options };
  const others = [next, ...rest];
  if (others.every((task) => task.options.queue_name === null))
    options.queue_name = leaving.options.queue_name;
  if (others.every((task) => task.options.queue_devices === null))
    options.queue_devices = leaving.options.queue_devices;
  return { ...queue, tasks: [{ ...next, options }, ...rest] };
}

/** The copy stands behind it, as a new task. */
export function duplicated(id: string, copy = freshId()): Edit {
  return (queues) => {
    const it = found(queues, id);
    return it ? added(it.queue.queue_id, it.at + 1, { ...it.task, id: copy, block: null })(queues) : queues;
  };
}

/** Before the one that stands at `at` of the queue now; a queue that is not there is made. */
export function added(queueId: number, at: number, task: Item): Edit {
  return (queues) => {
    if (!queues.some((queue) => queue.queue_id === queueId))
      return inOrder([...queues, { queue_id: queueId, queue_name: null, tasks: [task] }]);
    return inOrder(
      queues.map((queue) =>
        queue.queue_id === queueId ? { ...queue, tasks: queue.tasks.toSpliced(at, 0, task) } : queue,
      ),
    );
  };
}

/** To the place `at` that the queue has without it. */
export function moved(id: string, queueId: number, at: number): Edit {
  return (queues) => {
    const it = found(queues, id);
    if (!it || (it.queue.queue_id === queueId && it.at === at)) return queues;
    const target = queues.find((queue) => queue.queue_id === queueId);
    if (target === it.queue) {
      const tasks = it.queue.tasks.filter((task) => task.id !== id).toSpliced(at, 0, it.task);
      return inOrder(queues.map((queue) => (queue === it.queue ? { ...queue, tasks } : queue)));
    }
    // A queue that is left behind keeps its name and its cards, and one that has a name keeps that.
    const options = { ...it.task.options };
    const stays = it.queue.tasks.length > 1;
    if (stays || target?.queue_name != null) options.queue_name = null;
    if (stays || target) options.queue_devices = null;
    return added(queueId, at, { ...it.task, options })(queues.map((queue) => without(queue, id)));
  };
}

/** One place up (-1) or down (1); as it is at an end. */
export function nudged(id: string, by: -1 | 1): Edit {
  return (queues) => {
    const it = found(queues, id);
    const to = it ? it.at + by : -1;
    return it && to >= 0 && to < it.queue.tasks.length ? moved(id, it.queue.queue_id, to)(queues) : queues;
  };
}

/** A task for a form to begin with. It asks for what the last one of its queue asks for. */
export function blank(queue: ItemQueue | undefined, queueId: number, name: string): Item {
  const like = queue?.tasks.at(-1);
  return {
    id: freshId(),
    block: null,
    queue_id: queueId,
    process_index: 0,
    commands: 'echo "to be written"',
    gpu_count: like?.gpu_count ?? 1,
    memory_gb: like ? like.memory_gb : 1,
    options: { ...NO_OPTIONS, name },
    repeat: 1,
    first_line: 0,
    last_line: 0,
  };
}

/** The next number that no queue has. */
export function nextQueue(queues: Queues): number {
  return queues.reduce((largest, queue) => Math.max(largest, queue.queue_id), 0) + 1;
}
