import { expect, it } from "vitest";
import {
  durationText,
  envText,
  memoryText,
  Misread,
  readDuration,
  readEnv,
  readList,
  readMemory,
  readWhole,
} from "./fields";

it.each([
  ["90s", 90],
  ["2h", 7_200],
  ["1h30m", 5_400],
  ["1.5h", 5_400],
  ["1d", 86_400],
  ["", null],
])("reads %s as %s seconds", (typed, seconds) => {
  expect(readDuration(typed)).toBe(seconds);
});

it.each(["90", "soon", "0s", "1m1h", "-5s"])("does not read %s as a time", (typed) => {
  expect(() => readDuration(typed)).toThrow(Misread);
});

it("writes times as it reads them", () => {
  expect([null, 5_400, 90_061, 0.5].map(durationText)).toEqual(["", "1h30m", "1d1h1m1s", "0.5s"]);
});

it("reads memory", () => {
  expect(["14", "7.5", "20 GB", "2048MB", "all", "ALL"].map(readMemory)).toEqual([
    14,
    7.5,
    20,
    2,
    null,
    null,
  ]);
  for (const typed of ["", "-1", "1e3", "lots", "2000000"]) expect(() => readMemory(typed)).toThrow(Misread);
  expect([14, null].map(memoryText)).toEqual(["14", "all"]);
});

it("reads whole numbers, lists and variables", () => {
  expect([readWhole("3"), readWhole(""), readWhole("-2", -9)]).toEqual([3, null, -2]);
  expect(() => readWhole("-1")).toThrow(Misread);
  expect(() => readWhole("1.5")).toThrow(Misread);
  expect([readList("0, 1"), readList(" ")]).toEqual([["0", "1"], null]);
  expect(readEnv("B=2\n\nA=x=y")).toEqual([
    ["A", "x=y"],
    ["B", "2"],
  ]);
  expect(() => readEnv("1A=2")).toThrow(Misread);
  expect(envText([["A", "1"]])).toBe("A=1");
});
