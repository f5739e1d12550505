import { expect, it } from "vitest";
import type { Scheduler } from "@/api/types";
import { find } from "./find";

const task = (index: number, status: string, name: string) => ({ index, name, key: name, state: { status } });
const one = {
  id: "1",
  state: {
    queues: [
      { queue_id: 1, queue_name: "cars", tasks: [task(1, "pending", "late"), task(2, "running", "resnet")] },
      { queue_id: 2, queue_name: "seg", tasks: [task(0, "failed", "unet")] },
    ],
  },
} as unknown as Scheduler;
const VERBS = ["Kill", "Hold", "Retry"];
const names = (query: string) => find(query, [one], VERBS).tasks.map((each) => each.task.name);

it.each([
  ["1/2", ["resnet"]],
  ["kill 1/2", ["resnet"]],
  ["kill", ["resnet", "unet", "late"]],
  ["ki 1/2", ["resnet"]],
  ["re", ["resnet"]],
  ["retry seg", ["unet"]],
  ["cars", ["resnet", "late"]],
  ["nothing", []],
  ["", []],
])("%s finds tasks", (query, expected) => {
  expect(names(query)).toEqual(expected);
});

it("finds queues by id and name", () => {
  expect(find("seg", [one], VERBS).queues.map((each) => each.queue.queue_id)).toEqual([2]);
  expect(find("kill", [one], VERBS).queues).toEqual([]);
});
