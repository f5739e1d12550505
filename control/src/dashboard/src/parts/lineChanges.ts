/** Which lines of two texts are the same, and which are only in one of them. */
import { diff } from "@codemirror/merge";

/** Surrogates are no characters of their own. */
const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;
const MOST_DIFFERENT = 0x10000 - SURROGATES;

/** Each line by its place in both, from 0, in the order of reading: what is gone comes before what is new. */
export function* compared(
  old: readonly string[],
  now: readonly string[],
): Generator<[number, number] | [number, null] | [null, number]> {
  let [a, b] = [0, 0];
  for (const { fromA, toA, toB } of changesOf(old, now)) {
    while (a < fromA) yield [a++, b++];
    while (a < toA) yield [a++, null];
    while (b < toB) yield [null, b++];
  }
  while (a < old.length) yield [a++, b++];
}

interface Changed {
  fromA: number;
  toA: number;
  fromB: number;
  toB: number;
}

/** Each different line as a character of its own: then it is a comparison of two words. */
function changesOf(old: readonly string[], now: readonly string[]): readonly Changed[] {
  const known = new Map<string, number>();
  const word = (lines: readonly string[]) =>
    lines
      .map((line) => {
        const number = known.get(line) ?? known.size;
        known.set(line, number);
        return String.fromCharCode(number < FIRST_SURROGATE ? number : number + SURROGATES);
      })
      .join("");
  const [a, b] = [word(old), word(now)];
  if (known.size > MOST_DIFFERENT) return [{ fromA: 0, toA: old.length, fromB: 0, toB: now.length }];
  return diff(a, b, { scanLimit: 5_000, timeout: 500 });
}
