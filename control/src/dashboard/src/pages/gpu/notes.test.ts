import { expect, it } from "vitest";
import type { Card, GpuAllowance } from "@/api/types";
import { allowance, card, process, task } from "./fixtures";
import { notesOf } from "./notes";

const kinds = (change: Partial<Card>, cap: Partial<GpuAllowance> = {}, hasRows = false) =>
  notesOf(card(change), [], allowance(cap), hasRows, 1_038).map((note) => note.kind);

it("says of a broken card that it is, and nothing else", () => {
  expect(kinds({ health: "lost", in_range: false, temperature_c: 99 })).toEqual(["lost"]);
});

it("says why a free card stays free", () => {
  const free = card({ free: true });
  const why = (cap: Partial<GpuAllowance>) =>
    notesOf(free, [], allowance({ held: 5, allowed: 5, ...cap }), false, 0).find(
      (note) => note.kind === "stays",
    );
  expect(why({ available: 6, gpu_left: 1 })).toMatchObject({ key: "gpu_left", value: 1 });
  expect(why({ available: 8, gpu_left: 1, max_gpu: 5 })).toMatchObject({ key: "max_gpu", value: 5 });
  expect(kinds({ free: true })).toEqual(["nobody"]);
});

it("says of a task that just began how much is kept for it", () => {
  const young = { tasks: [task({ since: 1_000 })], own_used_gb: 1.2, own_promised_gb: 19 };
  expect(kinds(young, {}, true)).toEqual(["fresh"]);
  expect(kinds({ ...young, own_used_gb: 18.5 }, {}, true)).toEqual([]);
  expect(kinds({ ...young, tasks: [task({ since: 0 })] }, {}, true)).toEqual([]);
});

it("says whose a card is where much is left and nothing free", () => {
  const own = { tasks: [task({ since: 0 })], own_used_gb: 10, own_promised_gb: 10 };
  expect(kinds({ ...own, free_gb: 0 }, {}, true)).toEqual(["alone"]);
  expect(kinds({ ...own, free_gb: 13.5 }, {}, true)).toEqual([]);
  expect(kinds({ ...own, own_promised_gb: 24, own_used_gb: 23.8, free_gb: 0 }, {}, true)).toEqual([]);
});

it("says what else is odd", () => {
  expect(kinds({ off_since: 1, tasks: [task({ since: 0 })] }, {}, true)).toEqual(["off"]);
  expect(kinds({ in_range: false, free: true })).toEqual(["nobody", "outside"]);
  expect(kinds({ aside: { since: 1, until: 2, tasks: 3 }, free: true })).toEqual(["nobody", "aside"]);
  expect(kinds({ others_gb: 16, temperature_c: 83 })).toEqual(["hidden", "hot"]);
});

it("does not call hidden what processes explain", () => {
  const one = card({ others_gb: 16 });
  expect(notesOf(one, [process({ used_gb: 16 })], allowance(), true, 0)).toEqual([]);
});
