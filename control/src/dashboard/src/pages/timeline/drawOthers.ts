/** What waits, and what is not ours. */
import type { Scene } from "./draw";
import { drawIcon } from "./icons";
import type { Idle, Lease, People } from "./items";
import { inView, LEAST_TEXT, type Box, type Pen } from "./pen";

const DASHES: Record<Idle["look"], number[]> = { waiting: [7, 4], held: [2, 2], backoff: [2, 2] };
/** Shorter ones are a line alone. */
const LEAST_WORDS = 72;
const MOST_WORDS = 420;

export function drawIdle(pen: Pen, scene: Scene, item: Idle, whole: Box) {
  const { colors } = pen;
  const color = colors[item.look];
  const y = Math.round(whole.y + whole.h / 2);
  const end = Math.min(whole.x + whole.w, scene.scale.width);
  let x = Math.max(whole.x + 1, 0);
  if (end - x >= LEAST_WORDS && whole.h >= LEAST_TEXT) {
    pen.font(12);
    const room = Math.min(MOST_WORDS, end - x - 48);
    const text = pen.fitting(scene.texts.idle(item), room);
    const width = 20 + pen.width(text) + 10;
    // What crosses the words is seen beside them.
    pen.fill({ x, y: y - 10, w: width, h: 20 }, colors.s1, 0);
    drawIcon(pen.to, item.look, x + 8, y, 12, color);
    pen.text(text, x + 20, y, colors.t2);
    x += width;
  }
  if (end > x) pen.line(x, end, y, color, DASHES[item.look]);
}

export function drawPeople(pen: Pen, scene: Scene, item: People, whole: Box) {
  const { colors } = pen;
  const box = inView(whole, scene.scale.width);
  pen.fill(box, box.w < 5 ? colors.stripe : colors.s2, 4);
  if (box.w >= 5) pen.fill(box, pen.hatch(colors.peopleHatch, 2, 5.5), 4);
  if (box.h < LEAST_TEXT) return;
  pen.font(box.h < 15 ? 11 : 12);
  const x = Math.max(box.x, 0) + 9;
  const text = pen.fitting(scene.texts.people(item), Math.min(box.x + box.w, scene.scale.width) - x - 12);
  if (!text) return;
  const h = Math.min(20, box.h - 2);
  const middle = box.y + box.h / 2;
  pen.fill({ x, y: middle - h / 2, w: pen.width(text) + 10, h }, colors.s1, 4);
  pen.text(text, x + 5, middle, colors.t2);
}

/** Its begin is not known: it comes out of nothing. */
export function drawLease(pen: Pen, scene: Scene, item: Lease, whole: Box) {
  const { colors, to } = pen;
  const box = inView(whole, scene.scale.width);
  if (box.w <= 0) return;
  const fading = to.createLinearGradient(whole.x, 0, whole.x + whole.w, 0);
  fading.addColorStop(0, colors.s1);
  fading.addColorStop(0.5, colors.leaseBar);
  pen.fill(box, fading, [0, 4, 4, 0]);
  if (box.h < LEAST_TEXT) return;
  pen.font(box.h < 15 ? 11 : 12);
  const x = Math.max(box.x, 0) + 8;
  pen.text(pen.fitting(scene.texts.lease(item), box.x + box.w - x - 4), x, box.y + box.h / 2, colors.t1);
}
