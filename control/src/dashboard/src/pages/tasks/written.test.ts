import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EMPTY } from "./form";

/** As after the page was loaded: nothing is left but what the browser has kept. */
async function loaded() {
  vi.resetModules();
  return import("./written");
}

beforeEach(() => localStorage.clear());
afterEach(() => localStorage.clear());

it("has what was written again after the page was loaded anew, but for variables", async () => {
  const draft = { ...EMPTY, name: "cars", commands: "train", gpus: 2, env: "TOKEN=x" };
  const before = await loaded();
  before.write("", draft);
  expect(before.written("", EMPTY)).toEqual(draft);
  expect(before.written("7", EMPTY)).toEqual(EMPTY);
  expect(JSON.stringify(localStorage)).not.toContain("TOKEN");
  const { written, write } = await loaded();
  expect(written("", { ...EMPTY, env: "A=1" })).toEqual({ ...draft, env: "A=1" });
  write("", null);
  expect(written("", EMPTY)).toEqual(EMPTY);
  expect(localStorage).toHaveLength(0);
});

it("keeps the copies that were written last", async () => {
  const { write } = await loaded();
  for (let copy = 1; copy < 12; copy += 1) write(String(copy), { ...EMPTY, name: `copy ${copy}` });
  write("5", { ...EMPTY, name: "again" });
  write("12", { ...EMPTY, name: "copy 12" });
  const { written } = await loaded();
  const names = ["4", "5", "6", "12"].map((copy) => written(copy, EMPTY).name);
  expect(names).toEqual(["", "again", "copy 6", "copy 12"]);
});

it("takes nothing that could not stand in a form", async () => {
  const { readKept } = await loaded();
  expect(readKept("no JSON").size).toBe(0);
  expect(readKept('{"name": 1}').size).toBe(0);
  const odd = '[["", {"name": 1, "gpus": "2", "memory": {}, "hold": true, "env": "A=1"}]]';
  expect(readKept(odd).get("")).toEqual({ gpus: "2", hold: true });
});
