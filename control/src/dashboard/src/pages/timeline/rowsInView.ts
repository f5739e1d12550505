/** The timeline as rows of a table, the newest first. */
import { endOf, type Item } from "./items";
import type { Lane, Lanes } from "./lanes";
import { inSight } from "./place";
import type { Scale } from "./view";

export interface TableRow {
  lane: Lane;
  item: Item;
}

/** Attempts once, by their queues; cards add what is not ours. `more`: how many the limit leaves out. */
export function rowsInView(
  lanes: Lanes,
  scale: Scale,
  now: number,
  most: number,
): { rows: TableRow[]; more: number } {
  const rows: TableRow[] = [];
  for (const lane of [...lanes.queues, ...lanes.gpus])
    for (const { item } of inSight(lane.rows, scale)) {
      const isOurs = item.kind !== "people" && item.kind !== "lease";
      const isIn = item.start < scale.until && endOf(item, now) >= scale.view.from;
      if (isIn && isOurs === (lane.head.kind === "queue")) rows.push({ lane, item });
    }
  rows.sort((a, b) => b.item.start - a.item.start);
  return { rows: rows.slice(0, most), more: Math.max(0, rows.length - most) };
}
