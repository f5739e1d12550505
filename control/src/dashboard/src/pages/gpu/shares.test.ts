import { expect, it } from "vitest";
import { card, process } from "./fixtures";
import { hiddenOf, modelOf, sharesOf, usedOf } from "./shares";

it("tells what is promised and not in use yet apart", () => {
  const one = card({ own_used_gb: 61.4, own_promised_gb: 64 });
  const parts = sharesOf(one, []);
  expect(parts).toMatchObject({ own: 61.4, leases: 0, people: 0 });
  expect(parts.promised).toBeCloseTo(2.6);
});

it("takes a lease for what it was promised, what it uses beyond that, or the whole card", () => {
  const lease = { user: "li", label: "queue 3", exclusive: false };
  const of = (declared_gb: number | null, used_gb: number) =>
    sharesOf(card({ total_gb: 24, other_leases: [{ ...lease, declared_gb, used_gb }] }), []).leases;
  expect([of(8, 2), of(8, 9), of(null, 1)]).toEqual([8, 9, 24]);
});

it("takes a driver's reserve for nobody's", () => {
  expect(sharesOf(card({ others_gb: 0.6 }), []).people).toBe(0);
  expect(hiddenOf(card({ others_gb: 0.6 }), [])).toBe(0);
  const with_alice = [process({ used_gb: 4.1 })];
  expect(sharesOf(card({ others_gb: 4.7 }), with_alice).people).toBe(4.1);
});

it("takes what no process explains for people's", () => {
  expect(sharesOf(card({ others_gb: 16 }), []).people).toBe(16);
  expect(hiddenOf(card({ others_gb: 16 }), [])).toBe(16);
});

it("takes all for people's where the driver does not say what a process uses", () => {
  const silent = [process({ used_gb: null })];
  expect(sharesOf(card({ others_gb: 16 }), silent).people).toBe(16);
  expect(hiddenOf(card({ others_gb: 16 }), silent)).toBe(0);
});

it("leaves processes of tasks and leases out of people's", () => {
  const all = [process({ ours: "1/2", used_gb: 10 }), process({ lease: "queue 3", used_gb: 5 })];
  expect(sharesOf(card({ others_gb: 0.4 }), all).people).toBe(0);
});

it("tells what is one's own and no task from other people's", () => {
  const own = process({ user: "chen", own: true, used_gb: 6 });
  const both = sharesOf(card({ others_gb: 10.4 }), [own, process({ used_gb: 4 })]);
  expect([both.strays, both.people]).toEqual([6, 4]);
  const hidden = sharesOf(card({ others_gb: 16 }), [own]);
  expect([hidden.strays, hidden.people]).toEqual([6, 10]);
  const silent = sharesOf(card({ others_gb: 16 }), [{ ...own, used_gb: null }]);
  expect([silent.strays, silent.people]).toEqual([16, 0]);
});

it("adds up what is in use", () => {
  const lease = { user: "li", label: "queue 3", exclusive: false, declared_gb: 8, used_gb: 2 };
  expect(usedOf(card({ own_used_gb: 3, others_gb: 1, other_leases: [lease] }))).toBe(6);
});

it("shortens names", () => {
  const names = [
    ["NVIDIA GeForce RTX 4090", 23.99],
    ["NVIDIA A100-SXM4-80GB", 79.2],
    ["NVIDIA A100-SXM4-40GB MIG 1g.5gb", 4.8],
    ["Simulated 24 GB", 24],
    ["NVIDIA H100", 0],
  ] as const;
  expect(names.map(([name, total_gb]) => modelOf({ name, total_gb }))).toEqual([
    "RTX 4090 24 GB",
    "A100-SXM4-80GB",
    "MIG 1g.5gb",
    "Simulated 24 GB",
    "H100",
  ]);
});
