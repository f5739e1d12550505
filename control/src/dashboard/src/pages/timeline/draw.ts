/** The lanes on a canvas. Thousands of bars take no longer than their pixels: what is too small to be told apart
 * is drawn once. */
import type { Colors } from "./colors";
import { endOf, type Attempt, type Item } from "./items";
import { drawIdle, drawLease, drawPeople } from "./drawOthers";
import type { Slot } from "./pack";
import { inView, LEAST_TEXT, Pen, type Box } from "./pen";
import { drawIcon } from "./icons";
import { barOf, inSight, type Placed } from "./place";
import type { Texts } from "./texts";
import type { Scale } from "./view";

export interface Scene {
  scale: Scale;
  now: number;
  lanes: readonly Placed[];
  /** Of the canvas, in the heights of the lanes. */
  top: number;
  height: number;
  ticks: readonly number[];
  colors: Colors;
  texts: Texts;
  pointed: Item | null;
}

/** Narrower bars have neither edge nor corners. */
const SLIM = 5;
const LEAST_LABEL = 20;

export function draw(to: CanvasRenderingContext2D, scene: Scene, ratio: number) {
  to.setTransform(ratio, 0, 0, ratio, 0, 0);
  to.clearRect(0, 0, scene.scale.width, scene.height);
  to.translate(0, -scene.top);
  const pen = new Pen(to, scene.colors, ratio);
  const lanes = scene.lanes.filter((one) => one.kind === "lane");
  ground(pen, scene, lanes);
  for (const one of lanes) drawLane(pen, scene, one);
}

/** What comes is lighter than what was, and times are lines. */
function ground({ to, colors }: Pen, { scale, now, ticks }: Scene, lanes: readonly Placed[]) {
  // Beside the line of now, which lies below.
  const x = Math.max(0, Math.round(scale.x(now)) + 1);
  for (const { top, height } of lanes) {
    if (x < scale.width) {
      to.fillStyle = colors.s2;
      to.globalAlpha = 0.5;
      to.fillRect(x, top, scale.width - x, height - 1);
      to.globalAlpha = 1;
    }
    to.fillStyle = colors.bd;
    for (const tick of ticks) to.fillRect(Math.round(scale.x(tick)), top, 1, height - 1);
  }
}

function drawLane(pen: Pen, scene: Scene, { lane, top, height }: Extract<Placed, { kind: "lane" }>) {
  const { scale, now } = scene;
  const onGpu = lane.head.kind === "gpu";
  const right = new Map<string, number>();
  let row = 0;
  for (const slot of inSight(lane.rows, scale)) {
    const x = scale.x(slot.start);
    const end = scale.x(endOf(slot.item, now));
    const { y, h } = barOf(slot, height - 1);
    // A pixel between two that touch; but none is so short that it is not seen.
    const box = { x, y: top + y, w: Math.max(2, end - x - 1), h };
    if (box.w < SLIM) {
      const color = colorOf(slot.item);
      if (slot.row !== row) right.clear();
      row = slot.row;
      if (x + 1 < (right.get(color) ?? -Infinity)) continue;
      right.set(color, x + box.w);
    }
    drawItem(pen, scene, slot, box, onGpu);
    if (slot.item === scene.pointed) {
      const shown = inView(box, scale.width);
      pen.outlined({ x: shown.x - 1, y: box.y - 1, w: shown.w + 2, h: h + 2 }, pen.colors.t1, 1.5);
    }
  }
}

function colorOf(item: Item): string {
  return "look" in item ? item.look : item.kind;
}

function drawItem(pen: Pen, scene: Scene, { item }: Slot<Item>, box: Box, onGpu: boolean) {
  switch (item.kind) {
    case "attempt":
      drawAttempt(pen, scene, item, box, onGpu);
      break;
    case "idle":
      drawIdle(pen, scene, item, box);
      break;
    case "estimate":
      drawGuess(pen, scene, box, scene.texts.estimate(item));
      break;
    case "people":
      drawPeople(pen, scene, item, box);
      break;
    case "lease":
      drawLease(pen, scene, item, box);
  }
}

function drawAttempt(pen: Pen, scene: Scene, item: Attempt, whole: Box, onGpu: boolean) {
  const { scale, now, texts } = scene;
  const ran = scale.x(now);
  if (item.isOpen && whole.x + whole.w > ran + 1) {
    const x = Math.max(ran + 3, whole.x);
    drawGuess(pen, scene, { ...whole, x, w: whole.x + whole.w - x }, texts.guess(item, onGpu));
  }
  const w = item.isOpen ? Math.max(2, Math.min(ran, whole.x + whole.w + 1) - whole.x) : whole.w;
  const box = inView({ ...whole, w }, scale.width);
  if (box.w <= 0) return;
  drawBar(pen, item, box, whole.x > -8);
  if (item.isOpen) pen.fill({ x: box.x + box.w - 2, y: box.y, w: 2, h: box.h }, pen.colors.running, 0);
  label(pen, item, box, texts.attempt(item, onGpu));
}

function edgeOf(item: Attempt, colors: Colors): string {
  return item.look === "completed" ? colors.cdone : colors[item.look];
}

function drawBar(pen: Pen, item: Attempt, box: Box, hasEdge: boolean) {
  const { colors } = pen;
  const edge = edgeOf(item, colors);
  if (box.w < SLIM) {
    pen.fill(box, edge, 0);
    return;
  }
  const radii = item.isOpen ? [4, 0, 0, 4] : 4;
  const grounds = { running: colors.runningBar, failed: colors.failedBar };
  pen.fill(box, item.look in grounds ? grounds[item.look as keyof typeof grounds] : colors.s3, radii);
  if (item.look === "failed") pen.fill(box, pen.hatch(colors.failedHatch, 2, 5), radii);
  if (hasEdge) pen.fill({ ...box, w: 3 }, edge, [3, 0, 0, 3]);
}

/** Icon and words; what runs or broke has its icon even where there is no room for words. */
function label(pen: Pen, { look }: Attempt, box: Box, texts: readonly string[]) {
  if (box.h < LEAST_TEXT || box.w < LEAST_LABEL) return;
  const { colors } = pen;
  pen.font(box.h < 15 ? 11 : 12);
  const y = box.y + box.h / 2;
  let x = Math.max(box.x, 0) + 10;
  const end = box.x + box.w - 4;
  if (look === "running" || look === "failed" || look === "cancelled") {
    const size = look === "running" ? 11 : 12;
    if (end - x < size - 2) return;
    drawIcon(pen.to, look, x + 5, y, size, colors[look]);
    x += look === "running" ? 15 : 17;
    if (look !== "running" && end - x < 40) return;
  }
  const color = look === "running" || look === "failed" ? colors.t1 : colors.t2;
  pen.text(pen.fitting(texts, end - x), x, y, color);
}

function drawGuess(pen: Pen, scene: Scene, whole: Box, texts: readonly string[]) {
  const box = inView(whole, scene.scale.width);
  if (box.w < 3) return;
  pen.dashed(box, pen.colors.bd2);
  if (box.h < LEAST_TEXT) return;
  pen.font(box.h < 15 ? 11 : 12);
  const x = Math.max(box.x, 0) + 8;
  const room = Math.min(box.x + box.w, scene.scale.width) - x - 4;
  const text = texts.find((each) => pen.width(each) <= room);
  if (text) pen.text(text, x, box.y + box.h / 2, pen.colors.t3);
}
