/** The settings file as a text whose single values can be read and changed; comments and order stay. */
import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@lezer/yaml";

export type Scalar = null | boolean | number | string;
export type Value = Scalar | Scalar[];

/** Where a key's value stands. */
export interface Spot {
  /** undefined: it is written in a way that only its text can be changed. */
  value: Value | undefined;
  from: number;
  to: number;
  /** Of the whole "key: value". */
  pair: { from: number; to: number };
}

export interface Read {
  spots: Map<string, Spot>;
  /** Where it is no YAML. */
  broken: { from: number; to: number }[];
  /** The second of two keys that are the same, by their places. */
  twice: { key: string; from: number; to: number }[];
}

export function readYaml(text: string): Read {
  const tree = parser.parse(text);
  const found: Read = { spots: new Map(), broken: brokenIn(tree), twice: [] };
  const top = tree.topNode.getChild("Document")?.firstChild;
  if (top && MAPPINGS.has(top.name)) readMapping(text, top, "", found);
  else if (top && top.name !== "Comment" && text.slice(top.from, top.to).trim()) found.broken.push(top);
  return found;
}

const MAPPINGS = new Set(["BlockMapping", "FlowMapping"]);

function brokenIn(tree: Tree): { from: number; to: number }[] {
  const broken: { from: number; to: number }[] = [];
  tree.iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) broken.push({ from, to });
    },
  });
  return broken;
}

function readMapping(text: string, mapping: SyntaxNode, above: string, found: Read): void {
  for (const pair of mapping.getChildren("Pair")) {
    const name = pair.getChild("Key");
    if (!name) continue;
    const key = above + text.slice(name.from, name.to).replace(/^["']|["']$/g, "");
    if (found.spots.has(key)) {
      found.twice.push({ key, from: name.from, to: name.to });
      continue;
    }
    const value = valueOf(pair);
    // A value that is missing stands behind its colon.
    const end = value ? value.to : pair.to;
    found.spots.set(key, {
      value: value ? plain(text, value) : null,
      from: value?.from ?? end,
      to: end,
      pair: { from: pair.from, to: end },
    });
    if (value && MAPPINGS.has(value.name)) readMapping(text, value, `${key}.`, found);
  }
}

function valueOf(pair: SyntaxNode): SyntaxNode | null {
  let last = pair.lastChild;
  while (last && (last.name === "Comment" || last.type.isError)) last = last.prevSibling;
  return last && last.name !== ":" && last.name !== "Key" ? last : null;
}

function plain(text: string, node: SyntaxNode): Value | undefined {
  if (node.name !== "FlowSequence" && node.name !== "BlockSequence") return scalarAt(text, node);
  const items = node.getChildren("Item").map((item) => scalarAt(text, item.firstChild));
  return items.some((item) => item === undefined) ? undefined : (items as Scalar[]);
}

function scalarAt(text: string, node: SyntaxNode | null): Scalar | undefined {
  if (!node) return null;
  const written = text.slice(node.from, node.to);
  if (written.includes("\n")) return undefined;
  if (node.name === "Literal") return scalar(written);
  if (node.name !== "QuotedLiteral") return undefined;
  if (written.startsWith("'")) return written.slice(1, -1).replaceAll("''", "'");
  try {
    return String(JSON.parse(written));
  } catch {
    return undefined;
  }
}

const WORDS: Record<string, Scalar> = { "~": null, null: null, "": null };
for (const word of ["true", "yes", "on"]) WORDS[word] = true;
for (const word of ["false", "no", "off"]) WORDS[word] = false;

/** What a text without quotes means, as the scheduler reads it (YAML 1.1, but for numbers in base 60). */
export function scalar(written: string): Scalar {
  const word = written.trim();
  // One case throughout, or a capital letter: "True" and "TRUE" are words, "tRUE" is a text.
  if (/^(~|[a-z]*|[A-Z][a-z]*|[A-Z]+)$/.test(word)) {
    const known = WORDS[word.toLowerCase()];
    if (known !== undefined) return known;
  }
  if (/^[-+]?(0|[1-9][\d_]*)$/.test(word)) return Number(word.replaceAll("_", ""));
  if (/^[-+]?0x[\da-fA-F_]+$/.test(word)) return Number(word.replaceAll("_", ""));
  if (/^[-+]?0[0-7_]+$/.test(word)) return Number.parseInt(word.replaceAll("_", ""), 8);
  if (/^[-+]?(\d[\d_]*\.[\d_]*|\.\d[\d_]*)([eE][-+]?\d+)?$|^[-+]?\d+[eE][-+]?\d+$/.test(word))
    return Number(word.replaceAll("_", ""));
  return word;
}

/** A value as it is written. */
export function written(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(item).join(", ")}]`;
  if (typeof value !== "string") return String(value);
  const safe = /^[A-Za-z_/.]([\w/. -]*[\w/])?$/.test(value) && scalar(value) === value;
  return safe && !/^[yn]$/i.test(value) ? value : JSON.stringify(value);
}

/** Of a list, whose numbers are names of cards: 0, not "0". */
function item(value: Scalar): string {
  return typeof value === "string" && /^(0|[1-9]\d*)$/.test(value) ? value : written(value);
}

/** The text with another value of a key. null: it is written so that only its author can change it. */
export function withValue(text: string, key: string, value: Value): string | null {
  const { spots } = readYaml(text);
  const spot = spots.get(key);
  if (spot)
    return spot.value === undefined
      ? null
      : text.slice(0, spot.from) + gap(text, spot) + written(value) + text.slice(spot.to);
  const [parent, child] = key.includes(".") ? (key.split(".") as [string, string]) : ["", key];
  const mapping = parent ? spots.get(parent) : undefined;
  if (!parent || !mapping) {
    const lines = parent ? `${parent}:\n  ${child}: ${written(value)}` : `${child}: ${written(value)}`;
    return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${lines}\n`;
  }
  const brother = [...spots].find(([name]) => name.startsWith(`${parent}.`))?.[1];
  if (!brother || text.slice(mapping.from, mapping.to).startsWith("{")) return null;
  const indent = text.slice(text.lastIndexOf("\n", brother.pair.from) + 1, brother.pair.from);
  return `${text.slice(0, brother.pair.from)}${child}: ${written(value)}\n${indent}${text.slice(brother.pair.from)}`;
}

function gap(text: string, spot: Spot): string {
  return text[spot.from - 1] === ":" ? " " : "";
}

/** The text with a key's value as another text has it: in its own way of writing, or not at all. */
export function withValueOf(text: string, key: string, other: string): string | null {
  const spot = readYaml(text).spots.get(key);
  const before = readYaml(other).spots.get(key);
  if (!spot) return text;
  if (before) return text.slice(0, spot.from) + other.slice(before.from, before.to) + text.slice(spot.to);
  const from = text.lastIndexOf("\n", spot.pair.from) + 1;
  const end = text.indexOf("\n", spot.to);
  return text.slice(0, from) + (end < 0 ? "" : text.slice(end + 1));
}
