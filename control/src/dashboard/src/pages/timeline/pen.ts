/** What a canvas lacks: text that fits, bars with an edge, hatches. */
import type { Colors } from "./colors";

const widths = new Map<string, number>();
const MOST_WIDTHS = 20_000;

/** Narrower boxes have no corners: thousands of paths take long. */
const ROUND = 8;

/** Pixels that hold "1/0". */
const LEAST_ROOM = 16;

/** Other letters have come. */
export function forgetWidths() {
  widths.clear();
}

export class Pen {
  #size = 0;
  readonly #hatches = new Map<string, CanvasPattern | null>();

  constructor(
    readonly to: CanvasRenderingContext2D,
    readonly colors: Colors,
    readonly ratio: number,
  ) {
    to.textBaseline = "middle";
  }

  font(size: number) {
    if (size === this.#size) return;
    this.#size = size;
    this.to.font = `${size}px ${this.colors.font}`;
  }

  width(text: string): number {
    const key = `${this.#size} ${text}`;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > MOST_WIDTHS) widths.clear();
      widths.set(key, (width = this.to.measureText(text).width));
    }
    return width;
  }

  /** The first that fits; else the last one cut, where some letters of it fit. */
  fitting(texts: readonly string[], room: number): string {
    if (room < LEAST_ROOM) return "";
    const whole = texts.find((text) => this.width(text) <= room);
    if (whole !== undefined) return whole;
    const last = texts.at(-1) ?? "";
    // Letters differ in width: a tenth fewer than would fit by their mean, and those are measured.
    for (let share = 0.95; share > 0.3; share -= 0.1) {
      const count = Math.floor((last.length * share * room) / this.width(last)) - 1;
      if (count < 3) return "";
      const cut = `${last.slice(0, count).trimEnd()}…`;
      if (this.width(cut) <= room) return cut;
    }
    return "";
  }

  text(text: string, x: number, y: number, color: string) {
    this.to.fillStyle = color;
    // Half a pixel lower is where these letters look to be in the middle.
    this.to.fillText(text, x, y + 0.5);
  }

  fill(box: Box, color: string | CanvasPattern | CanvasGradient, radii: number | number[]) {
    this.to.fillStyle = color;
    if (box.w < ROUND) {
      this.to.fillRect(box.x, box.y, box.w, box.h);
      return;
    }
    this.#path(box, radii);
    this.to.fill();
  }

  dashed(box: Box, color: string) {
    this.to.strokeStyle = color;
    this.to.lineWidth = 1;
    this.to.setLineDash([3, 3]);
    this.#path({ x: box.x + 0.5, y: box.y + 0.5, w: box.w - 1, h: box.h - 1 }, 4);
    this.to.stroke();
    this.to.setLineDash([]);
  }

  outlined(box: Box, color: string, width: number) {
    this.to.strokeStyle = color;
    this.to.lineWidth = width;
    this.#path(box, 5);
    this.to.stroke();
  }

  /** From left to right; `dash` as a canvas takes it. */
  line(x: number, until: number, y: number, color: string, dash: number[]) {
    this.to.strokeStyle = color;
    this.to.lineWidth = 2;
    this.to.setLineDash(dash);
    this.to.beginPath();
    this.to.moveTo(x, y);
    this.to.lineTo(until, y);
    this.to.stroke();
    this.to.setLineDash([]);
  }

  /** Stripes from lower left to upper right, of a color over what is below. */
  hatch(color: string, thickness: number, between: number): CanvasPattern | string {
    const key = `${color} ${thickness} ${between}`;
    let hatch = this.#hatches.get(key);
    if (hatch === undefined) this.#hatches.set(key, (hatch = this.#hatched(color, thickness, between)));
    return hatch ?? color;
  }

  #hatched(color: string, thickness: number, between: number): CanvasPattern | null {
    const size = between * Math.SQRT2;
    const tile = document.createElement("canvas");
    const pixels = (tile.width = tile.height = Math.max(2, Math.round(size * this.ratio)));
    const on = tile.getContext("2d");
    if (!on) return null;
    on.strokeStyle = color;
    on.lineWidth = (thickness * pixels) / size;
    on.beginPath();
    for (const shift of [-pixels, 0, pixels]) {
      on.moveTo(shift - pixels, 2 * pixels);
      on.lineTo(shift + 2 * pixels, -pixels);
    }
    on.stroke();
    const pattern = this.to.createPattern(tile, "repeat");
    pattern?.setTransform(new DOMMatrix().scale(size / pixels));
    return pattern;
  }

  #path({ x, y, w, h }: Box, radii: number | number[]) {
    this.to.beginPath();
    this.to.roundRect(x, y, w, h, radii);
  }
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Bars that are less high have no words. */
export const LEAST_TEXT = 14;

/** Of a box, what is in sight, and a little more so that its corners are not. */
export function inView({ x, y, w, h }: Box, width: number): Box {
  const left = Math.max(x, -8);
  return { x: left, y, w: Math.max(0, Math.min(x + w, width + 8) - left), h };
}
