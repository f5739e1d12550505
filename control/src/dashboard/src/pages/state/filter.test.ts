import { expect, it } from "vitest";
import type { HistoryAttempt, Queue, Scheduler, Status, Task } from "@/api/types";
import { rowsOf, type Filter } from "./filter";
import { needsOf } from "./needs";

const task = (index: number, status: Status, more: object = {}) =>
  ({
    index,
    key: `k${index}`,
    in_file: true,
    name: `task ${index}`,
    commands: "",
    state: { status, ...more },
  }) as unknown as Task;

const queue = (queue_id: number, tasks: Task[], name = "") => ({
  queue_id,
  queue_name: name,
  total: tasks.length,
  current: tasks.findIndex((one) => ["running", "waiting", "pending"].includes(one.state.status)),
  counts: tasks.reduce<Partial<Record<Status, number>>>(
    (counts, { state }) => ({ ...counts, [state.status]: (counts[state.status] ?? 0) + 1 }),
    {},
  ),
  tasks,
});

const scheduler = (id: string, queues: object[], more: object = {}) =>
  ({
    id,
    pid: 1,
    alive: true,
    ended: null,
    left: null,
    state: { queues, more_queues: { queues: 0 }, counts: {} },
    ...more,
  }) as unknown as Scheduler;

/** Earlier attempts of 1/2 failed. */
const TRIED = {
  tasks: (_: Scheduler, its: Queue) => its.tasks,
  failed: (_: Scheduler, its: Queue, { index }: Task) =>
    (its.queue_id === 1 && index === 2 ? [{ number: 7 }, { number: 9 }] : []) as HistoryAttempt[],
};
const OPENED = { tasks: (_: Scheduler, its: Queue) => its.tasks, failed: () => [] };
const ALL: Filter = { state: "", text: "", scheduler: "" };
const one = scheduler("7", [
  queue(1, [task(0, "completed"), task(1, "running"), task(2, "pending")], "cars"),
  queue(2, [
    task(0, "waiting", { stuck: true, blockers: [{ kind: "card_unusable", why: "off", gpu: "3" }] }),
  ]),
]);
const kinds = (filter: Partial<Filter>, open: string[] = []) =>
  rowsOf([one], { ...ALL, ...filter }, new Set(open), OPENED).map((row) =>
    "queue" in row ? `${row.kind} ${row.queue.queue_id}/${row.task?.index ?? ""}` : row.kind,
  );

it("shows the attempts that failed before behind their task", () => {
  const rows = rowsOf([one], ALL, new Set(["7:1"]), TRIED);
  expect(rows.map(({ kind }) => kind)).toEqual([
    "scheduler",
    "heads",
    "queue",
    "task",
    "task",
    "attempt",
    "attempt",
    "queue",
  ]);
});

it("shows what a scheduler wants to be known below its head", () => {
  const troubled = scheduler("8", [], {
    state: { ...one.state, queues: [], problems: [{ kind: "driver" }] },
  });
  expect(rowsOf([troubled], ALL, new Set(), OPENED).map(({ kind }) => kind)).toEqual([
    "scheduler",
    "problem",
  ]);
});

it("tells of a task that waits for a card that was turned off", () => {
  const blockers = [{ kind: "card_unusable", why: "off", gpu: "1" }];
  const waiting = (gpus: number) => queue(1, [task(0, "waiting", { gpus, memory_gb: 40, blockers })]);
  const gpus = [
    { index: "0", total_gb: 80 },
    { index: "1", total_gb: 80 },
    { index: "2", total_gb: 24 },
  ];
  const needs = (count: number) =>
    needsOf([scheduler("9", [], { state: { ...one.state, queues: [waiting(count)], gpus } })]);
  expect(needs(2)).toMatchObject([{ kind: "off", task: "1/0", off: ["1"], on: 1 }]);
  expect(needs(1)).toEqual([]);
  expect(needs(3)).toEqual([]);
});

it("shows each queue by its head, and of an opened one all", () => {
  expect(kinds({})).toEqual(["scheduler", "heads", "queue 1/1", "queue 2/0"]);
  expect(kinds({}, ["7:1"])).toEqual([
    "scheduler",
    "heads",
    "queue 1/1",
    "task 1/0",
    "task 1/2",
    "queue 2/0",
  ]);
});

it("shows what is looked for", () => {
  expect(kinds({ state: "completed" })).toEqual(["scheduler", "heads", "queue 1/0"]);
  expect(kinds({ text: "CARS" })).toEqual(["scheduler", "heads", "queue 1/1"]);
  expect(kinds({ text: "1/2" })).toEqual(["scheduler", "heads", "queue 1/2"]);
  expect(kinds({ text: "nothing like it" })).toEqual([]);
  expect(kinds({ scheduler: "8" })).toEqual([]);
});

it("names what waits for a person, one of each kind first", () => {
  const failed = [
    task(0, "failed", { ended_at: 1, error: "e" }),
    task(1, "failed", { ended_at: 9, error: "e" }),
  ];
  const died = scheduler("8", [queue(5, failed)], { alive: false, ended: "died" });
  expect(needsOf([one, died]).map((need) => need.kind)).toEqual(["died", "failed", "never"]);
  const failure = needsOf([died])[1];
  expect(failure?.kind === "failed" && failure.task).toBe("5/1");
});

it("calls nothing stuck that an end will free", () => {
  const leased = task(0, "waiting", {
    stuck: true,
    blockers: [{ kind: "card_leased", gpu: "0", by: "bob", own: false }],
  });
  expect(needsOf([scheduler("9", [queue(1, [leased])])])).toEqual([]);
});
