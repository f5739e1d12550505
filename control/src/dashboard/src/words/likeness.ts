/** Sentences that are said anew because they are like one that is known. Pure. */

/** What it is like, and what is said instead, of its groups. */
export type Likeness = readonly [RegExp, (...parts: string[]) => string];

/** null: it is like none of them. */
export function likened(likenesses: readonly Likeness[], text: string): string | null {
  for (const [like, said] of likenesses) {
    const found = like.exec(text);
    if (found)
      return said(...found.slice(1).map((part: string | undefined) => part ?? "")).replace(/\.$/, "");
  }
  return null;
}
