/** Icons of states on a canvas, as Tabler draws them in a square of 24; TaskState has the same ones. */
import type { Status } from "@/api/types";

const RING = "M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0";
const SHAPES: Partial<Record<Status, string>> = {
  running: "M6 4v16a1 1 0 0 0 1.524 .852l13 -8a1 1 0 0 0 0 -1.704l-13 -8a1 1 0 0 0 -1.524 .852z",
  failed: `${RING} M10 10l4 4m0 -4l-4 4`,
  cancelled: `${RING} M5.7 5.7l12.6 12.6`,
  backoff: "M4.05 11a8 8 0 1 1 .5 4m-.5 5v-5h5",
  waiting:
    "M6.5 7h11 M6.5 17h11 M6 20v-2a6 6 0 1 1 12 0v2a1 1 0 0 1 -1 1h-10a1 1 0 0 1 -1 -1 M6 4v2a6 6 0 1 0 12 0v-2a1 1 0 0 0 -1 -1h-10a1 1 0 0 0 -1 1",
  held: "M8 13v-7.5a1.5 1.5 0 0 1 3 0v6.5 M11 5.5v-2a1.5 1.5 0 1 1 3 0v8.5 M14 5.5a1.5 1.5 0 0 1 3 0v6.5 M17 7.5a1.5 1.5 0 0 1 3 0v8.5a6 6 0 0 1 -6 6h-2h.208a6 6 0 0 1 -5.012 -2.7a69.74 69.74 0 0 1 -.196 -.3c-.312 -.479 -1.407 -2.388 -3.286 -5.728a1.5 1.5 0 0 1 .536 -2.022a1.867 1.867 0 0 1 2.28 .28l1.47 1.47",
};
const paths = new Map<Status, Path2D>();

/** Its middle at (x, y). */
export function drawIcon(
  to: CanvasRenderingContext2D,
  state: Status,
  x: number,
  y: number,
  size: number,
  color: string,
) {
  const shape = SHAPES[state];
  if (!shape) return;
  let path = paths.get(state);
  if (!path) paths.set(state, (path = new Path2D(shape)));
  to.save();
  to.translate(x - size / 2, y - size / 2);
  to.scale(size / 24, size / 24);
  if (state === "running") {
    to.fillStyle = color;
    to.fill(path);
  } else {
    to.strokeStyle = color;
    to.lineWidth = 1.75;
    to.lineCap = "round";
    to.lineJoin = "round";
    to.setLineDash([]);
    to.stroke(path);
  }
  to.restore();
}
