/** The map at the right edge: where in a log errors and hits are. Pure. */

export interface Tick {
  /** 0 to 1. */
  readonly at: number;
  readonly count: number;
}

/** Places in a file as ticks, of which no more than `most` can be told apart. */
export function ticks(places: readonly number[], size: number, most: number): Tick[] {
  if (size <= 0 || most < 1) return [];
  const counts = new Map<number, number>();
  for (const place of places) {
    const slot = Math.min(most - 1, Math.floor((place / size) * most));
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  return [...counts].map(([slot, count]) => ({ at: slot / most, count }));
}
