import { afterEach, expect, it } from "vitest";
import { words } from "@/words";
import { countdown, duration, largestUnit } from "./time";

afterEach(() => words.changeLanguage("en"));

it("says the two largest units", () => {
  expect([0, 38, 242, 1_560, 7_860, 151_200].map(duration)).toEqual([
    "0 s",
    "38 s",
    "4 min 02 s",
    "26 min",
    "2 h 11 min",
    "1 d 18 h",
  ]);
});

it("says them in Chinese", async () => {
  await words.changeLanguage("zh");
  expect([38, 242, 1_560, 7_860].map(duration)).toEqual(["38 秒", "4 分 02 秒", "26 分钟", "2 小时 11 分"]);
});

it("says the largest unit alone", async () => {
  expect([0, 59.9, 119, 7_199, 172_900].map(largestUnit)).toEqual(["0 s", "59 s", "1 min", "1 h", "2 d"]);
  await words.changeLanguage("zh");
  expect([0, 119, 7_199].map(largestUnit)).toEqual(["0 秒", "1 分钟", "1 小时"]);
});

it("never counts below nothing", () => {
  expect([222, 3_723, 0.2, -5].map(countdown)).toEqual(["3:42", "1:02:03", "0:01", "0:00"]);
});
