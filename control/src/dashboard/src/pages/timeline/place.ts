/** Where lanes stand below one another, and what lies at a point. */
import { endOf, type Item } from "./items";
import type { Lane, QueueHead } from "./lanes";
import { firstAfter, type Slot } from "./pack";
import type { Scale } from "./view";

export type Placed =
  | { kind: "section"; key: string; top: number; height: number; of: "gpus" | QueueHead }
  | { kind: "lane"; key: string; top: number; height: number; lane: Lane };

const SECTION = 26;
const GPU_LANE = 40;
const QUEUE_LANE = 35;
/** Of a row where many share a lane: bars can still be told apart, and hit. */
const LEAST_ROW = 12;
/** A bar is hit within so many pixels, however short it is. */
const LEAST_HIT = 12;

/** A section for the cards, and one for the queues of each command file. */
export function placed(gpus: readonly Lane[], queues: readonly Lane[]): { all: Placed[]; height: number } {
  const all: Placed[] = [];
  let top = 0;
  const put = (
    one: { kind: "section"; of: "gpus" | QueueHead } | { kind: "lane"; lane: Lane },
    height: number,
  ) => {
    all.push(
      one.kind === "lane"
        ? { ...one, key: one.lane.key, top, height }
        : { ...one, key: `section ${one.of === "gpus" ? "gpus" : one.of.file}`, top, height },
    );
    top += height;
  };
  if (gpus.length) put({ kind: "section", of: "gpus" }, SECTION);
  for (const lane of gpus) put({ kind: "lane", lane }, heightOf(lane, GPU_LANE));
  let file = null;
  for (const lane of queues) {
    const { head } = lane;
    if (head.kind === "queue" && head.file !== file) put({ kind: "section", of: head }, SECTION);
    file = head.kind === "queue" ? head.file : file;
    put({ kind: "lane", lane }, heightOf(lane, QUEUE_LANE));
  }
  return { all, height: top };
}

function heightOf(lane: Lane, usual: number): number {
  return Math.max(usual, 6 + lane.rows.length * LEAST_ROW);
}

/** Those between two heights. */
export function within(all: readonly Placed[], top: number, bottom: number): Placed[] {
  return all.filter((one) => one.top < bottom && one.top + one.height > top);
}

/** A bar's top and height within its lane. */
export function barOf(
  { row, rows }: { row: number; rows: number },
  height: number,
): { y: number; h: number } {
  const inset = rows > 1 ? 3 : 5;
  const gap = rows > 3 ? 1 : 2;
  const each = (height - 2 * inset + gap) / rows;
  return { y: inset + row * each, h: each - gap };
}

/** Of a lane, those in sight; each row in its order. */
export function* inSight(rows: readonly Slot<Item>[][], scale: Scale): Iterable<Slot<Item>> {
  const margin = scale.seconds(LEAST_HIT);
  for (const row of rows)
    for (let at = firstAfter(row, scale.view.from - margin); at < row.length; at++) {
      const slot = row[at];
      if (!slot || slot.start > scale.until + margin) break;
      yield slot;
    }
}

/** Nothing lies within what is looked at. */
export function isEmpty(all: readonly Placed[], scale: Scale): boolean {
  return !all.some(
    (one) => one.kind === "lane" && !inSight(one.lane.rows, scale)[Symbol.iterator]().next().done,
  );
}

export interface Hit {
  placed: Extract<Placed, { kind: "lane" }>;
  slot: Slot<Item>;
}

/** What lies at a point; where nothing does, what is so short that it is hit beside itself. */
export function hitAt(
  all: readonly Placed[],
  scale: Scale,
  now: number,
  { x, y }: { x: number; y: number },
): Hit | null {
  const lane = all.find((one) => one.top <= y && y < one.top + one.height);
  if (lane?.kind !== "lane") return null;
  const near: { slot: Slot<Item>; away: number }[] = [];
  for (const slot of inSight(lane.lane.rows, scale)) {
    const { y: top, h } = barOf(slot, lane.height);
    // Rows of one lane leave no room between them: half a gap belongs to each.
    if (slot.rows > 1 && (y - lane.top < top - 1 || y - lane.top >= top + h + 1)) continue;
    const left = scale.x(slot.start);
    const right = scale.x(endOf(slot.item, now));
    const away = Math.max(left - x, x - right, 0);
    const reach = Math.max(0, LEAST_HIT - (right - left)) / 2;
    if (away <= reach) near.push({ slot, away });
  }
  const found = near.sort((a, b) => a.away - b.away)[0];
  return found ? { placed: lane, slot: found.slot } : null;
}

/** The next one from there by key: left and right along a lane, up and down to the nearest of another one. */
export function nextFrom(
  all: readonly Placed[],
  scale: Scale,
  from: Hit | null,
  key: "left" | "right" | "up" | "down",
): Hit | null {
  const lanes = all.filter((one) => one.kind === "lane");
  const at = from ? lanes.findIndex((one) => one.key === from.placed.key) : -1;
  if (!from || at < 0) return lanes.map((lane) => nearest(lane, scale, scale.until)).find(Boolean) ?? null;
  if (key === "left" || key === "right") {
    const lane = lanes[at];
    if (!lane) return null;
    const slots = lane.lane.rows.flat().sort((a, b) => a.start - b.start || a.row - b.row);
    const here = slots.findIndex((slot) => slot.item === from.slot.item);
    const slot = slots[here + (key === "left" ? -1 : 1)];
    return slot ? { placed: lane, slot } : from;
  }
  const rest = key === "up" ? lanes.slice(0, at).reverse() : lanes.slice(at + 1);
  const middle = (Math.max(from.slot.start, scale.view.from) + Math.min(from.slot.end, scale.until)) / 2;
  return rest.map((lane) => nearest(lane, scale, middle)).find(Boolean) ?? from;
}

function nearest(placed: Extract<Placed, { kind: "lane" }>, scale: Scale, time: number): Hit | null {
  let found: { slot: Slot<Item>; away: number } | null = null;
  for (const slot of inSight(placed.lane.rows, scale)) {
    const away = Math.max(slot.start - time, time - slot.end, 0);
    if (!found || away < found.away) found = { slot, away };
  }
  return found && { placed, slot: found.slot };
}
