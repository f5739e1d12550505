/** The tree's nodes: configurations, their queues, their tasks. Pure. */
import type { TreeNodeData } from "@mantine/core";
import type { Configuration } from "@/api/types";
import { labelOf, type ItemQueue } from "../model/sheet";

export type Node =
  | { kind: "configuration"; index: number }
  | { kind: "queue"; queue: number }
  | { kind: "task"; label: string }
  | { kind: "broken" };

export const valueOf = {
  configuration: (index: number) => `c${index}`,
  queue: (queue: number) => `q${queue}`,
  task: (label: string) => `t${label}`,
  broken: "broken",
};

export function nodeOf(value: string): Node {
  const rest = value.slice(1);
  if (value === valueOf.broken) return { kind: "broken" };
  if (value.startsWith("c")) return { kind: "configuration", index: Number(rest) };
  return value.startsWith("q") ? { kind: "queue", queue: Number(rest) } : { kind: "task", label: rest };
}

/** Only what is shown of one configuration is known: the others are opened by choosing them. */
export function nodesOf(
  configurations: readonly Pick<Configuration, "index">[],
  shown: number,
  queues: readonly ItemQueue[],
  broken: number,
): TreeNodeData[] {
  return configurations.map(({ index }) => {
    const node = { value: valueOf.configuration(index), label: `configuration ${index}` };
    if (index !== shown) return { ...node, hasChildren: true };
    const children = queues.map((queue) => ({
      value: valueOf.queue(queue.queue_id),
      label: queue.queue_name ?? "",
      children: queue.tasks.map((task) => {
        const label = labelOf(task);
        return { value: valueOf.task(label), label: task.options.name ?? "" };
      }),
    }));
    if (broken) children.unshift({ value: valueOf.broken, label: "", children: [] });
    return { ...node, children };
  });
}
