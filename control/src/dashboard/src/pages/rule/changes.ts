/** What a changed text of the settings changes of the one it was made from. */
import type { ConfigKey } from "@/api/types";
import { readYaml, withValue, withValueOf, type Scalar, type Value } from "./yaml";

export interface Change {
  key: string;
  before: Value | undefined;
  after: Value | undefined;
}

/** Of every key what holds, as a text says it; undefined: only its author can say. */
export function valuesOf(text: string, keys: readonly ConfigKey[]): Map<string, Value | undefined> {
  const { spots } = readYaml(text);
  return new Map(
    keys.map((key) => {
      const spot = spots.get(key.key);
      return [key.key, asListed(spot ? spot.value : (key.default as Value))];
    }),
  );
}

/** Lists are of texts: 0 and "0" are the same card. */
function asListed(value: Value | undefined): Value | undefined {
  return Array.isArray(value) ? value.map(String) : value;
}

export function same(one: Value | undefined, other: Value | undefined): boolean {
  return JSON.stringify(asListed(one)) === JSON.stringify(asListed(other));
}

export function changesOf(base: string, text: string, keys: readonly ConfigKey[]): Change[] {
  const [before, after] = [valuesOf(base, keys), valuesOf(text, keys)];
  return keys
    .map(({ key }) => ({ key, before: before.get(key), after: after.get(key) }))
    .filter((one) => !same(one.before, one.after));
}

/** The text with another value; where that is the base's own, it stands as it stood there. */
export function withChange(base: string, text: string, key: ConfigKey, value: Value): string | null {
  if (!same(value, valuesOf(base, [key]).get(key.key))) return withValue(text, key.key, value);
  return withValueOf(text, key.key, base);
}

/** Single values where they are all that was changed, else the whole text. */
export function toSave(
  base: string,
  text: string,
  keys: readonly ConfigKey[],
): { values: Record<string, Scalar | Scalar[]> } | { text: string } {
  const changes = changesOf(base, text, keys);
  return onto(base, changes) === text
    ? { values: Object.fromEntries(changes.map(({ key, after }) => [key, after ?? null])) }
    : { text };
}

function onto(text: string, changes: readonly Change[]): string | null {
  return changes.reduce<string | null>(
    (done, { key, after }) => (done === null || after === undefined ? null : withValue(done, key, after)),
    text,
  );
}

/** My changes to a text that somebody else has saved meanwhile: key by key, if they are no more than that. */
export function rebased(base: string, mine: string, theirs: string, keys: readonly ConfigKey[]): string {
  const changes = changesOf(base, mine, keys);
  return onto(base, changes) === mine ? (onto(theirs, changes) ?? mine) : mine;
}
