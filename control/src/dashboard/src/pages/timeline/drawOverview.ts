/** All lanes as lines, a few pixels each. */
import type { Colors } from "./colors";
import { endOf, type Item } from "./items";
import type { Lane } from "./lanes";
import { inSight } from "./place";
import type { Scale } from "./view";

export function drawOverview(
  to: CanvasRenderingContext2D,
  {
    lanes,
    scale,
    height,
    now,
    colors,
  }: { lanes: readonly Lane[]; scale: Scale; height: number; now: number; colors: Colors },
  ratio: number,
) {
  to.setTransform(ratio, 0, 0, ratio, 0, 0);
  to.clearRect(0, 0, scale.width, height);
  const each = height / Math.max(1, lanes.length);
  const thick = Math.max(0.75, Math.min(3, each - 1));
  lanes.forEach((lane, at) => {
    const y = at * each + (each - thick) / 2;
    let drawn = { x: -Infinity, color: "" };
    for (const { item, start } of inSight(lane.rows, scale)) {
      if (item.kind === "idle" || item.kind === "estimate" || item.kind === "lease") continue;
      const color = colorOf(item, colors);
      const x = scale.x(start);
      const end = scale.x(Math.min(now, endOf(item, now)));
      if (end <= drawn.x && color === drawn.color) continue;
      to.fillStyle = color;
      to.fillRect(x, y, Math.max(1, end - x - 0.5), thick);
      drawn = { x: Math.max(x + 1, end), color };
    }
  });
}

function colorOf(item: Item, colors: Colors): string {
  if (item.kind === "people") return colors.stripe;
  if (item.kind !== "attempt") return colors.bd3;
  return item.look === "completed" ? colors.cdone : colors[item.look];
}
