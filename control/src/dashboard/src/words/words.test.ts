import { expect, it } from "vitest";
import { en } from "./en";
import { zh } from "./zh";

type Tree = { [name: string]: string | Tree };

function flat(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === "string"
      ? [[`${path}${name}`, value] as [string, string]]
      : flat(value, `${path}${name}.`),
  );
}

const english = new Map(flat(en));
const chinese = new Map(flat(zh));
const slots = (text: string) =>
  [...text.matchAll(/\{\{(\w+)\}\}|<\/?(\w+)>/g)].map((found) => found[0]).sort();

it("has every string in both languages", () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
});

it.each([...english])("%s says the same things in both", (name, text) => {
  const other = chinese.get(name) ?? "";
  expect(other).not.toBe("");
  // The number itself may go into the words: "whole card" is one card.
  const without = (found: string[]) => [...new Set(found)].filter((slot) => slot !== "{{count}}");
  expect(without(slots(other))).toEqual(without(slots(text)));
});

it("ends Chinese sentences as Chinese does", () => {
  const wrong = [...chinese].filter(([, text]) => /[一-鿿]\.$|[一-鿿],/.test(text));
  expect(wrong).toEqual([]);
});
