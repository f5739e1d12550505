import { expect, it } from "vitest";
import type { Scheduler, Timeline } from "@/api/types";
import { endOf, idOf } from "./items";
import { filesOf, lanesOf, withLeases, type Lane } from "./lanes";
import { bar, estimate, FILE, NOW, task, timeline } from "./made";

const made = (more: Partial<Timeline>) => lanesOf(timeline(more), new Map(), []);
const queue = (lanes: Lane[], id: number) =>
  lanes.find(({ head }) => head.kind === "queue" && head.id === id);
const said = (lane: Lane | undefined) =>
  (lane?.rows ?? []).map((row) => row.map(({ item, start, end }) => `${item.kind} ${start} ${end}`));

it("has a lane per card and per queue, in their order", () => {
  const other = {
    command_file: "/h/b.txt",
    mode: "multi" as const,
    configuration: 0,
    queue_id: 11,
    queue_name: null,
  };
  const { gpus, queues } = made({ queues: [other, ...timeline({}).queues] });
  expect(gpus.map(({ key }) => key)).toEqual(["G0"]);
  expect(queues.map(({ head }) => head.kind === "queue" && head.id)).toEqual([1, 2, 11]);
});

it("puts an attempt on its cards and into its queue", () => {
  const { gpus, queues } = made({ tasks: [task(1, "1/0")], bars: [bar(1, 100, 200)] });
  expect(said(gpus[0])).toEqual([["attempt 100 200"]]);
  expect(said(queue(queues, 1))).toEqual([["attempt 100 200"]]);
  expect(gpus[0]?.rows[0]?.[0]?.item).toBe(queue(queues, 1)?.rows[0]?.[0]?.item);
});

it("lets what runs reach to its guessed end, and what comes follow it", () => {
  const { gpus, queues } = made({
    tasks: [task(1, "1/0"), task(2, "1/1")],
    bars: [bar(1, 9_000, null)],
    estimates: [estimate(1, "1/0", null, 12_000), estimate(2, "1/1", 12_000, 13_000)],
  });
  expect(said(gpus[0])).toEqual([["attempt 9000 12000"]]);
  expect(said(queue(queues, 1))).toEqual([["attempt 9000 12000", "estimate 12000 13000"]]);
});

it("leaves open what nobody guesses, and draws it to now", () => {
  const { gpus } = made({ tasks: [task(1, "1/0")], bars: [bar(1, 9_000, null)] });
  const item = gpus[0]?.rows[0]?.[0]?.item;
  expect(item?.end).toBe(Infinity);
  expect(item && endOf(item, NOW + 5)).toBe(NOW + 5);
});

it("shows what waits only where nothing of its queue runs, and of several held the first", () => {
  const { queues } = made({
    tasks: [task(1, "1/0"), task(2, "1/1"), task(3, "1/2"), task(4, "1/3")],
    bars: [bar(1, 1_000, 2_000)],
    spans: [
      { task: 4, state: "held", start: 500, end: null },
      { task: 3, state: "held", start: 500, end: null },
      { task: 2, state: "waiting", start: 2_000, end: 3_000 },
    ],
  });
  const slots = queue(queues, 1)?.rows.flat() ?? [];
  expect(
    slots.map(({ item, start, end }) => [item.kind === "idle" ? item.task.task : "", start, end]),
  ).toEqual([
    ["1/2", 500, 1_000],
    ["", 1_000, 2_000],
    ["1/1", 2_000, 3_000],
    ["1/2", 3_000, Infinity],
  ]);
  expect(slots.map(({ item }) => item.kind === "idle" && item.isOpen)).toEqual([false, false, false, true]);
});

it("ends a backoff when its scheduler tries again", () => {
  const scheduler = {
    configuration: 0,
    state: {
      command_file: FILE,
      mode: "single",
      queues: [
        {
          queue_id: 1,
          queue_name: "cars",
          tasks: [{ key: "k1/0", state: { status: "backoff", until: 10_300 } }],
        },
      ],
    },
  } as unknown as Scheduler;
  const { queues } = lanesOf(
    timeline({ tasks: [task(1, "1/0")], spans: [{ task: 1, state: "backoff", start: 9_000, end: null }] }),
    filesOf([scheduler]),
    [],
  );
  expect(said(queue(queues, 1))).toEqual([["idle 9000 10300"]]);
});

it("knows queues by their estimates before history does", () => {
  const files = new Map([
    [FILE, { mode: "single" as const, configuration: 0, names: new Map([[9, "new"]]), retries: new Map() }],
  ]);
  const { queues } = lanesOf(timeline({ estimates: [estimate(5, "9/0", 11_000, 12_000)] }), files, []);
  expect(queue(queues, 9)?.head).toMatchObject({ name: "new", configuration: 0 });
});

it("splits a card between others, leases and ours", () => {
  const { gpus } = made({
    tasks: [task(1, "1/0")],
    bars: [bar(1, 9_000, null)],
    others: [{ uuid: "G0", own: false, start: 8_000, end: NOW - 5, gb: 4 }],
  });
  expect(said(gpus[0])).toEqual([["people 8000 Infinity"], ["attempt 9000 Infinity"]]);
  const lease = { user: "bob", label: "queue 3", declared_gb: 8, exclusive: false, used_gb: 0 };
  const leased = withLeases(gpus, [{ uuid: "G0", leases: [lease] }], NOW, 600);
  expect(said(leased[0])[2]).toEqual(["lease 9400 Infinity"]);
  expect(withLeases(gpus, [], NOW, 600)[0]).toBe(gpus[0]);
});

it("names each thing, the same in the next answer", () => {
  const one = () => made({ tasks: [task(1, "1/0")], bars: [bar(1, 1, 2)] }).gpus[0]?.rows[0]?.[0]?.item;
  const [a, b] = [one(), one()];
  expect(a && b && idOf(a) === idOf(b)).toBe(true);
});
