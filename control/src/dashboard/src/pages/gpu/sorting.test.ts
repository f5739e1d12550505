import { expect, it } from "vitest";
import { card } from "./fixtures";
import { inOrder } from "./sorting";

const cards = [
  card({ index: "0", use: 5, free_gb: 1 }),
  card({ index: "1", use: null, free_gb: 3 }),
  card({ index: "2", use: 90, free_gb: 0, health: "lost" }),
];
const order = (said: string) => inOrder(cards, said).map((one) => one.index);

it("sorts by what is said, and those that say nothing come last", () => {
  expect(order("use")).toEqual(["0", "2", "1"]);
  expect(order("-use")).toEqual(["2", "0", "1"]);
  expect(order("-free")).toEqual(["1", "0", "2"]);
  expect(order("colour")).toEqual(["0", "1", "2"]);
});
