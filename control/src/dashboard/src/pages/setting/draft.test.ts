import { expect, it } from "vitest";
import { readKept } from "./draft";

const HELD = { port: 8080, hosts: ["a"], uds: null };
const kept = (what: unknown) => readKept(JSON.stringify(what), HELD);

it("goes on with what was changed and not saved", () => {
  const mine = { etag: "1", values: { port: 9000, hosts: [], uds: "x" } };
  expect(kept(mine)).toEqual(mine);
});

it("takes nonsense for nothing", () => {
  const nothing = { etag: null, values: {} };
  for (const one of [
    null,
    5,
    "x",
    [],
    { values: 5 },
    { values: null },
    { values: { port: {}, hosts: "a", z: 1 } },
  ])
    expect(kept(one)).toEqual(nothing);
  expect(readKept("{", HELD)).toEqual(nothing);
  expect(readKept(null, HELD)).toEqual(nothing);
});
