/** Which GPU is given back next, by the estimates of what runs. */
import type { Card, Scheduler } from "@/api/types";

export interface Back {
  at: number;
  gpu: string;
  task: string;
}

export function nextBack(schedulers: readonly Scheduler[], cards: readonly Card[]): Back | null {
  const alone = new Map(
    cards.filter((card) => card.tasks.length === 1).map((card) => [card.uuid, card.index]),
  );
  const found: Back[] = [];
  for (const one of schedulers)
    for (const queue of one.state?.queues ?? [])
      for (const task of queue.tasks) {
        const end = task.estimate?.end;
        if (task.state.status !== "running" || end == null) continue;
        // A GPU that others of ours share is not given back with the first of them.
        const gpu = task.state.gpu_uuids.map((uuid) => alone.get(uuid)).find((index) => index !== undefined);
        if (gpu !== undefined) found.push({ at: end, gpu, task: `${queue.queue_id}/${task.index}` });
      }
  return found.reduce<Back | null>((first, each) => (first && first.at <= each.at ? first : each), null);
}
