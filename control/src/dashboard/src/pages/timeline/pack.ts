/** What lies at the same time shares a lane: who gets which row of it. */

export interface Range {
  start: number;
  end: number;
}

/** An item in a row; `rows`: of how many, while it lies there. */
export interface Slot<T> extends Range {
  item: T;
  row: number;
  rows: number;
}

/** More than these lie upon one another. */
const MOST_ROWS = 16;
/** Seconds that one may overlap the next and still follow it: clocks are read at different moments. */
const SLACK = 1;

/** Those that overlap, one by way of another, split the lane; the rest have its whole height. */
export function packed<T extends Range>(items: readonly T[]): Slot<T>[] {
  const slots: Slot<T>[] = [];
  let together: Slot<T>[] = [];
  let ends: number[] = [];
  const close = () => {
    for (const slot of together) slot.rows = ends.length;
    together = [];
    ends = [];
  };
  for (const item of [...items].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const slack = slackOf(item);
    if (ends.every((end) => end <= item.start + slack)) close();
    const row = rowFor(ends, item.start + slack);
    ends[row] = item.end - slack;
    const slot = { item, start: item.start, end: item.end, row, rows: 1 };
    together.push(slot);
    slots.push(slot);
  }
  close();
  return slots;
}

function slackOf({ start, end }: Range): number {
  return Math.min(SLACK, (end - start) / 10);
}

function rowFor(ends: readonly number[], start: number): number {
  const free = ends.findIndex((end) => end <= start);
  if (free >= 0) return free;
  if (ends.length < MOST_ROWS) return ends.length;
  return ends.indexOf(Math.min(...ends));
}

/** By row, each in its order of time. */
export function byRow<T>(slots: readonly Slot<T>[]): Slot<T>[][] {
  const rows: Slot<T>[][] = [];
  for (const slot of slots) {
    while (rows.length <= slot.row) rows.push([]);
    rows[slot.row]?.push(slot);
  }
  return rows;
}

/** The first that ends after `time`, of slots that follow one another. */
export function firstAfter(slots: readonly Range[], time: number): number {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slots[middle]?.end ?? Infinity) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Time that is taken, and what of a range is still free. */
export class Cover {
  /** In order, none touches the next. */
  readonly #parts: Range[] = [];

  take({ start, end }: Range): Range[] {
    const first = firstAfter(this.#parts, start);
    const free: Range[] = [];
    let at = start;
    let last = first;
    for (let part = this.#parts[last]; part && part.start < end; part = this.#parts[++last]) {
      if (part.start > at) free.push({ start: at, end: part.start });
      at = Math.max(at, part.end);
    }
    if (at < end) free.push({ start: at, end });
    const merged = {
      start: Math.min(start, this.#parts[first]?.start ?? start),
      end: Math.max(end, this.#parts[last - 1]?.end ?? end),
    };
    this.#parts.splice(first, last - first, last > first ? merged : { start, end });
    return free;
  }
}
