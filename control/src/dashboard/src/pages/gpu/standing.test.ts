import { expect, it } from "vitest";
import type { Card, GpuProcess } from "@/api/types";
import { allowance, card, lease, process, task } from "./fixtures";
import { cardOf, standingOf, summaryOf } from "./standing";

const AT_THE_CAP = allowance({ held: 5, allowed: 5 });
const of = (change: Partial<Card>, processes: GpuProcess[] = [], cap = allowance()) =>
  standingOf(card(change), processes, cap);

it("says what is broken before all else", () => {
  expect(of({ health: "lost", tasks: [task()], off_since: 1 })).toEqual({ kind: "lost" });
  expect(of({ health: "unreadable" })).toEqual({ kind: "unreadable" });
});

it("says what is ours before what keeps us from it", () => {
  const tasks = [task()];
  expect(of({ tasks, off_since: 1 }, [process()])).toEqual({ kind: "tasks", tasks });
});

it("says why we do not use it before who does", () => {
  expect(of({ off_since: 9 }, [process()])).toEqual({ kind: "off", since: 9 });
  expect(of({ aside: { since: 1, until: 9, tasks: 3 } })).toEqual({ kind: "aside", until: 9 });
  expect(of({ in_range: false, free: true })).toEqual({ kind: "outside" });
});

it("names those who compute there, who uses most first", () => {
  const all = [
    process({ user: "bob", used_gb: 4 }),
    process({ user: "alice", used_gb: 38 }),
    process({ user: "bob", used_gb: 1 }),
    process({ user: "root", used_gb: 50, compute: false }),
  ];
  expect(of({ others_gb: 43 }, all)).toEqual({ kind: "used", users: ["alice", "bob"] });
});

it("says that it is one's own where no one else is on it, and that it is no task", () => {
  const own = process({ user: "chen", own: true, used_gb: 6 });
  expect(of({ others_gb: 6 }, [own])).toEqual({ kind: "stray" });
  expect(of({ others_gb: 10 }, [own, process()])).toEqual({ kind: "used", users: ["alice"] });
  expect(of({ others_gb: 16 }, [own])).toEqual({ kind: "hidden" });
});

it("names whose lease it is where nobody computes", () => {
  expect(of({ other_leases: [lease()] })).toEqual({ kind: "leased", users: ["小李"] });
});

it("says that somebody is there who can't be seen", () => {
  expect(of({ others_gb: 16 })).toEqual({ kind: "hidden" });
});

it("says that a free card stays free where no more may be held", () => {
  expect(of({ free: true })).toEqual({ kind: "free" });
  expect(of({ free: true }, [], AT_THE_CAP)).toEqual({ kind: "left" });
});

it("counts the real cards, where there are any, and names people once", () => {
  const cards = [
    card({ uuid: "a", tasks: [task()] }),
    card({ uuid: "b", free: true }),
    card({ uuid: "c", others_gb: 4 }),
    card({ uuid: "d", others_gb: 4 }),
    card({ uuid: "e", others_gb: 16 }),
    card({ uuid: "f", health: "lost" }),
    card({ uuid: "g", off_since: 1 }),
    card({ uuid: "i", off_since: 1, tasks: [task()] }),
    card({ uuid: "h", simulated: true, free: true }),
  ];
  const on = (uuid: string) => (uuid === "c" || uuid === "d" ? [process()] : []);
  expect(summaryOf(cards, on, AT_THE_CAP)).toEqual({
    free: 0,
    left: 1,
    used: 3,
    users: ["alice", null],
    stray: 0,
    off: 2,
    aside: 0,
    outside: 0,
    broken: 1,
  });
  expect(summaryOf([card({ simulated: true, free: true })], on, allowance()).free).toBe(1);
});

it("finds a card by its uuid, else by its index, real ones first", () => {
  const cards = [
    card({ uuid: "SIM", index: "0", simulated: true }),
    card({ uuid: "GPU-a", index: "0" }),
    card({ uuid: "0:1", index: "0:1" }),
  ];
  expect(["SIM", "0", "0:1", "9"].map((name) => cardOf(cards, name)?.uuid)).toEqual([
    "SIM",
    "GPU-a",
    "0:1",
    undefined,
  ]);
});
