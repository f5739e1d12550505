import { expect, it } from "vitest";
import { added, blank, changed, duplicated, moved, nextQueue, nudged, removed } from "./edits";
import { block, queue } from "./fixture";
import { carried, renumbered, toSave, withIds, type ItemQueue } from "./sheet";

const two = (): ItemQueue[] =>
  withIds(
    [
      queue(
        block("1/0", "a", {}, { block: 0 }),
        block("1/1", "b", {}, { block: 1, repeat: 2 }),
        block("1/3", "c", {}, { block: 2 }),
      ),
      queue(block("2/0", "d", { queue_name: "boats" }, { block: 3 })),
    ],
    ({ commands }) => commands,
  );
const shown = (queues: readonly ItemQueue[]) =>
  queues.map(
    ({ queue_id, tasks }) =>
      `${queue_id}: ${tasks.map((one) => `${one.commands}${one.process_index}`).join(" ")}`,
  );

it("moves along a queue, and counts what is repeated", () => {
  expect(shown(nudged("c", -1)(two()))).toEqual(["1: a0 c1 b2", "2: d0"]);
  expect(nudged("a", -1)(two())).toEqual(two());
  expect(shown(moved("a", 1, 2)(two()))).toEqual(["1: b0 c2 a3", "2: d0"]);
});

it("moves to another queue, and leaves no empty one", () => {
  const after = moved("d", 1, 0)(two());
  expect(shown(after)).toEqual(["1: d0 a1 b2 c4"]);
  expect(after[0]?.queue_name).toBe("boats");
  expect(shown(moved("a", 9, 0)(two()))).toEqual(["1: b0 c2", "2: d0", "9: a0"]);
});

it("leaves a queue its name and its cards", () => {
  const named = changed("a", { options: { queue_name: "cars", queue_devices: ["0"] } })(two());
  const options = (queues: readonly ItemQueue[], queue: number, at: number) =>
    queues.find(({ queue_id }) => queue_id === queue)?.tasks[at]?.options;
  for (const after of [removed("a")(named), moved("a", 2, 1)(named), moved("a", 9, 0)(named)])
    expect(options(after, 1, 0)).toMatchObject({ queue_name: "cars", queue_devices: ["0"] });
  expect(options(moved("a", 9, 0)(named), 9, 0)).toMatchObject({ queue_name: null, queue_devices: null });
  expect(options(moved("a", 1, 1)(named), 1, 1)).toMatchObject({ queue_name: "cars" });
});

it("duplicates behind it, adds, removes", () => {
  const copy = duplicated("a", "copy")(two());
  expect(shown(copy)).toEqual(["1: a0 a1 b2 c4", "2: d0"]);
  expect(copy[0]?.tasks[1]).toMatchObject({ id: "copy", block: null });
  const task = blank(two()[0], 1, "new");
  expect(task).toMatchObject({ memory_gb: 10, block: null, options: { name: "new" } });
  expect(added(1, 3, task)(two())[0]?.tasks[3]).toMatchObject({ id: task.id, process_index: 4 });
  expect(shown(removed("d")(two()))).toEqual(["1: a0 b1 c3"]);
  expect(nextQueue(two())).toBe(3);
});

it("sends of a block only what it does not say", () => {
  const before = two();
  const after = duplicated("d", "copy")(changed("a", { memory_gb: null, options: { retries: 3 } })(before));
  const [first, second] = toSave(after, before);
  expect(first?.tasks[0]).toEqual({
    block: 0,
    memory_gb: null,
    options: { ...before[0]?.tasks[0]?.options, retries: 3 },
  });
  expect(first?.tasks[1]).toEqual({ block: 1 });
  expect(second?.tasks[1]).toMatchObject({ commands: "d", memory_gb: 10 });
  expect(second?.tasks[1]).not.toHaveProperty("block");
});

it("keeps ids over an answer, and takes its block numbers", () => {
  const sent = nudged("b", -1)(two());
  const answer = sent.map((one) => ({
    ...one,
    tasks: one.tasks.map((task, at) => ({ ...task, block: at + 5 })),
  }));
  const confirmed = carried(sent)(answer);
  expect(confirmed[0]?.tasks.map(({ id, block: number }) => [id, number])).toEqual([
    ["b", 5],
    ["a", 6],
    ["c", 7],
  ]);
  const newer = duplicated("a", "copy")(sent);
  expect(renumbered(newer, confirmed)[0]?.tasks.map(({ block: number }) => number)).toEqual([5, 6, null, 7]);
});
