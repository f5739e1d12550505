import { expect, it } from "vitest";
import { longestRising, taskChanges } from "./changes";
import { withDamaged } from "./damaged";
import { block, queue } from "./fixture";
import { byLikeness } from "./likeness";
import { withIds } from "./sheet";

const saved = [
  queue(block("1/0", "a", { name: "first" }), block("1/1", "b"), block("1/2", "c")),
  queue(block("2/0", "d")),
];
const told = (now: Parameters<typeof taskChanges>[1]) =>
  taskChanges(saved, now).map(({ kind, label, was, fields }) =>
    [kind, label, was ?? "", ...fields.map(({ field }) => field)].filter(Boolean).join(" "),
  );

it("says nothing of what is the same", () => {
  expect(told(saved)).toEqual([]);
});

it("finds what is changed, new, removed", () => {
  const now = [
    queue(
      block("1/0", "a2", { name: "first", retries: 3 }),
      block("1/1", "b", {}, { memory_gb: 14 }),
      block("1/2", "c"),
    ),
    queue(block("7/0", "e", {}, { memory_gb: 6 })),
  ];
  expect(told(now)).toEqual([
    "changed 1/0 commands retries",
    "changed 1/1 memory_gb",
    "new 7/0",
    "removed 2/0",
  ]);
  expect(taskChanges(saved, now).find(({ kind }) => kind === "new")).toMatchObject({
    newQueue: true,
    memory: 6,
  });
});

it("calls moved what was moved, and not what it passed", () => {
  const now = [
    queue(block("1/0", "c"), block("1/1", "a", { name: "first" }), block("1/2", "b")),
    queue(block("2/0", "d")),
  ];
  expect(told(now)).toEqual(["moved 1/0 1/2"]);
  const other = [
    queue(block("1/0", "a", { name: "first" }), block("1/1", "c")),
    queue(block("2/0", "d"), block("2/1", "b")),
  ];
  expect(told(other)).toEqual(["moved 2/1 1/1"]);
});

it("knows twins apart by their places", () => {
  const twins = [queue(block("1/0", "x"), block("1/1", "x"), block("1/2", "x"))];
  expect(taskChanges(twins, [queue(block("1/0", "x"), block("1/1", "x"))]).map(({ label }) => label)).toEqual(
    ["1/2"],
  );
});

it("finds the longest rising run", () => {
  expect(longestRising([3, 0, 1, 4, 2]).map((at) => [3, 0, 1, 4, 2][at])).toEqual([0, 1, 2]);
  expect(longestRising([])).toEqual([]);
});

it("does not take a block with a fault for a removed one", () => {
  const text = "1\na\n10\n\n1\n#LANE retrys=3\nb\n10\n";
  const changes = taskChanges(
    [
      queue(
        block("1/0", "a", {}, { first_line: 1, last_line: 3 }),
        block("1/1", "b", {}, { first_line: 5, last_line: 7 }),
      ),
    ],
    [queue(block("1/0", "a"))],
  );
  const before = {
    text: "1\na\n10\n\n1\nb\n10\n",
    structure: [queue(block("1/1", "b", {}, { first_line: 5, last_line: 7 }))],
  };
  const broken = [{ block: 1, first_line: 5, last_line: 8 }];
  expect(withDamaged(changes, before, text, broken).map(({ kind }) => kind)).toEqual(["broken"]);
  expect(withDamaged(changes, before, text, []).map(({ kind }) => kind)).toEqual(["removed"]);
});

it("keeps the ids of tasks over an edit by hand", () => {
  const before = withIds(saved, ({ commands }) => commands);
  const after = byLikeness(before)([
    queue(block("1/0", "b"), block("1/1", "a", { name: "first", retries: 1 })),
    queue(block("5/0", "z")),
  ]);
  expect(after[0]?.tasks.map(({ id }) => id)).toEqual(["b", "a"]);
  expect(["a", "b", "c", "d"]).not.toContain(after[1]?.tasks[0]?.id);
});
