import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { ConfigKey } from "@/api/types";
import { GROUPS, grouped } from "./groups";
import { enMeanings, enNone } from "./meanings";
import { readYaml } from "./yaml";

const { spots } = readYaml(readFileSync("../../../config/gpu_manage.yaml", "utf8"));
const keys = [...spots].filter(([, spot]) => spot.value !== undefined).map(([key]) => key);

type Tree = { [name: string]: string | Tree };
function flat(tree: Tree, path = ""): string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === "string" ? [`${path}${name}`] : flat(value, `${path}${name}.`),
  );
}

it("says what each key of the file means, and of no others", () => {
  expect(flat(enMeanings).sort()).toEqual([...keys].sort());
});

it("has a word for none where none is the default", () => {
  const none = keys.filter((key) => spots.get(key)?.value === null);
  expect(flat(enNone)).toEqual(expect.arrayContaining(none));
});

it("has a place for each key", () => {
  expect(Object.values(GROUPS).flat().sort()).toEqual([...keys].sort());
  const known = [...keys, "new_one"].map((key) => ({ key }) as ConfigKey);
  const groups = grouped(known);
  expect(groups.flatMap(([, some]) => some)).toHaveLength(known.length);
  expect(groups.at(-1)).toEqual(["more", [{ key: "new_one" }]]);
});
