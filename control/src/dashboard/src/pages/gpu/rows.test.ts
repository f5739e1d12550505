import { expect, it } from "vitest";
import { card, lease, process, task } from "./fixtures";
import { rowsOf } from "./rows";

it("lists ours first, then by memory", () => {
  const all = [
    process({ pid: 1, used_gb: 4 }),
    process({ pid: 2, used_gb: 38 }),
    process({ pid: 3, user: "chen", used_gb: 2, ours: "1/2", scheduler: 7 }),
    process({ pid: 4, used_gb: null }),
  ];
  expect(rowsOf(card({ tasks: [task()] }), all, "chen").map((row) => row.pid)).toEqual([3, 2, 1, 4]);
});

it("tells a process's task with its name", () => {
  const [row] = rowsOf(card({ tasks: [task()] }), [process({ ours: "1/2", scheduler: 7 })], "chen");
  expect(row).toMatchObject({ isOurs: true, task: "1/2", name: "cars" });
});

it("lists tasks and leases of which no process is seen", () => {
  const one = card({
    tasks: [task({ used_gb: null }), task({ task: "1/3", used_gb: null, asked_gb: null })],
    other_leases: [lease(), lease({ label: "queue 4", declared_gb: null })],
  });
  const rows = rowsOf(one, [], "chen");
  expect(rows.map(({ user, what, task, lease, gb }) => [user, what.kind, task ?? lease, gb])).toEqual([
    ["chen", "task", "1/3", 24],
    ["chen", "task", "1/2", 12],
    ["小李", "lease", "queue 4", 24],
    ["小李", "lease", "queue 3", 8],
  ]);
});

it("hides nobody's lease behind another's of the same label", () => {
  const one = card({ other_leases: [lease({ user: "alice" }), lease({ user: "bob" })] });
  const of = (user: string | null) =>
    rowsOf(one, [process({ user, lease: "queue 3" })], "chen").map((row) => row.user);
  expect(of("alice")).toEqual(["bob", "alice"]);
  expect(of(null)).toEqual([null]);
});

it("tells what is only promised from what is in use", () => {
  const of = (change: object) =>
    rowsOf(card({ tasks: [task({ used_gb: null })], ...change }), [], "chen").map((row) => row.isPromised);
  expect(of({})).toEqual([true]);
  expect(of({ simulated: true })).toEqual([false]);
  expect(of({ tasks: [], other_leases: [lease(), lease({ declared_gb: 8, used_gb: 9 })] })).toEqual([
    false,
    true,
  ]);
});

it("lists nobody twice", () => {
  const one = card({ tasks: [task()], other_leases: [lease()] });
  const all = [
    process({ pid: 1, ours: "1/2", scheduler: 7 }),
    process({ pid: 2, user: "小李", lease: "queue 3" }),
  ];
  expect(rowsOf(one, all, "chen").map((row) => row.pid)).toEqual([1, 2]);
});

it("tells two schedulers' tasks of one name apart", () => {
  const one = card({ tasks: [task(), task({ scheduler: 8 })] });
  expect(rowsOf(one, [process({ ours: "1/2", scheduler: 7 })], "chen")).toHaveLength(2);
});
