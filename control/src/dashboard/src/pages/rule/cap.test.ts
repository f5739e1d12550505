import { describe, expect, it } from "vitest";
import type { Card, CardProcesses, Gpus } from "@/api/types";
import { allowed, availableThen, machine, type CapRules } from "./cap";

const RULES: CapRules = { minGpu: 0, maxGpu: null, gpuLeft: 0, useAll: true, compete: [] };

describe("min(max_gpu, max(min_gpu, available - gpu_left))", () => {
  it.each([
    [6, {}, 6],
    [6, { gpuLeft: 2 }, 4],
    [6, { gpuLeft: 8 }, 0],
    [6, { gpuLeft: 8, minGpu: 1 }, 1],
    [6, { maxGpu: 3 }, 3],
    [6, { maxGpu: 0, minGpu: 1 }, 0],
    [0, {}, 0],
  ])("of %i available with %o is %i", (available, some, cap) => {
    expect(allowed(available, { ...RULES, ...some })).toBe(cap);
  });
});

function card(index: number, more: Partial<Card> = {}): Card {
  return {
    uuid: `u${index}`,
    index: String(index),
    health: "ok",
    off_since: null,
    in_range: true,
    tasks: [],
    other_leases: [],
    ...more,
  } as unknown as Card;
}

const lease = (user: string) => ({ user }) as Card["other_leases"][number];
const task = {} as Card["tasks"][number];

function gpus(cards: Card[], available: number, held: number): Gpus {
  return { cards, allowance: { available, held } } as unknown as Gpus;
}

describe("a machine", () => {
  const cards = [
    card(0, { tasks: [task] }),
    card(1),
    card(2, { other_leases: [lease("li")] }),
    card(3, { other_leases: [lease("chen")] }),
    card(4, { health: "lost" }),
    card(5),
  ];
  const processes = [
    { uuid: "u5", processes: [{ compute: true, own: false, ours: null, user: "wang" }] },
  ] as unknown as CardProcesses[];

  it("says whose each card is", () => {
    const found = machine(gpus(cards, 3, 2), processes, "chen", RULES, RULES);
    expect(found.cards.map((one) => one.whose)).toEqual([
      "mine",
      "free",
      "others",
      "mine",
      "unwell",
      "others",
    ]);
    expect(found.cards[5]?.users).toEqual(["wang"]);
    expect(found).toMatchObject({ available: 3, held: 2 });
  });

  it("counts one that is off for us as the scheduler does: nobody else has it", () => {
    const off = [card(0, { off_since: 1 }), card(1)];
    const found = machine(gpus(off, 2, 0), [], "chen", RULES, { ...RULES, useAll: false, compete: ["0"] });
    expect(found.cards[0]).toMatchObject({ away: "off", counts: true, whose: "free" });
    expect(found.available).toBe(1);
  });

  it("knows which cards a task could take, the cap apart", () => {
    const all = [
      card(0, { off_since: 1 }),
      card(1, { aside: { since: 1, until: 2, tasks: 2 } }),
      card(2, { tasks: [task], off_since: 1 }),
      card(3, { health: "lost" }),
      card(4, { other_leases: [lease("li")], free_gb: 0 }),
    ];
    const open = (more: Card[]) => machine(gpus([...all, ...more], 3, 1), [], "chen", RULES, RULES).open;
    expect(open([])).toBe(0);
    expect(open([card(5), card(6, { other_leases: [lease("li")], free_gb: 3 })])).toBe(2);
  });

  it("counts one with a process of one's own that is no task as the scheduler does, and does not call it free", () => {
    const strays = [
      { uuid: "u1", processes: [{ compute: true, own: true, ours: null, user: "chen" }] },
      ...processes,
    ] as unknown as CardProcesses[];
    const found = machine(gpus(cards, 3, 2), strays, "chen", RULES, RULES);
    expect(found.cards[1]).toMatchObject({ whose: "stray", counts: true, users: [] });
    expect(found.available).toBe(3);
  });

  it("counts anew with another range", () => {
    const typed = { ...RULES, useAll: false, compete: ["1", "2"] };
    const found = machine(gpus(cards, 3, 2), processes, "chen", RULES, typed);
    expect(found).toMatchObject({ available: 1, held: 0, outside: 2 });
    expect(machine(gpus(cards, 3, 2), processes, "chen", RULES, RULES).outside).toBe(0);
    const wider = machine(
      gpus(
        cards.map((one) => ({ ...one, in_range: one.index === "1" })),
        1,
        0,
      ),
      processes,
      "chen",
      { ...RULES, useAll: false, compete: ["1"] },
      RULES,
    );
    expect(wider).toMatchObject({ available: 3, held: 2 });
  });

  it("leaves out what something else keeps away", () => {
    const hidden = cards.map((one) => ({ ...one, in_range: one.index === "1" }));
    const found = machine(gpus(hidden, 1, 0), processes, "chen", RULES, { ...RULES, gpuLeft: 1 });
    expect(found.cards.map((one) => one.inRange)).toEqual([false, true, false, false, false, false]);
    expect(found.available).toBe(1);
  });
});

it("shows other days, with today among them", () => {
  expect(availableThen(8, 6)).toEqual([8, 7, 6, 4, 2]);
  expect(availableThen(4, 4)).toEqual([4, 3, 2, 1]);
  expect(availableThen(1, 0)).toEqual([1, 0]);
});
