/**
 * A line of a terminal as pieces of text with a colour: of escape sequences only SGR (colours) is heeded, all
 * others are dropped; what can't be seen, or turns the writing round, is shown as a symbol. Pure: what comes
 * out is text and a few known words, never markup.
 */

type Colour = "black" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "white";

export interface Style {
  readonly colour?: Colour;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly underline?: boolean;
}

export interface Piece {
  readonly text: string;
  /** Where it stands in the raw line. As many characters as there, one for one. */
  readonly at: number;
  readonly style: Style;
  /** Symbols in the place of control characters. */
  readonly isSymbol?: boolean;
}

export const PLAIN: Style = {};

const COLOURS: readonly Colour[] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

const ESCAPE =
  // CSI (whole or cut off) | OSC, DCS, ... up to their end | any other, of two or three characters
  /(?:\u001b\[|\u009b)([0-9:;<=>?]*)([ -/]*)([@-~]?)|(?:\u001b[\]P^_X]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]?[0-~]?/g;

/** Not to be seen, or turning the direction of writing: C0 but tab, DEL, C1, and marks of Unicode. */
const HIDDEN =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The pieces of a line, and the style that is in force behind it. */
export function pieces(raw: string, style: Style): { pieces: Piece[]; after: Style } {
  if (!raw.includes("\u001b") && !raw.includes("\u009b"))
    return { pieces: seen(raw, 0, style), after: style };
  const found: Piece[] = [];
  let at = 0;
  let now = style;
  for (const match of raw.matchAll(ESCAPE)) {
    if (match.index > at) found.push(...seen(raw.slice(at, match.index), at, now));
    at = match.index + match[0].length;
    if (match[3] === "m" && !match[2] && !/[<=>?]/.test(match[1] ?? "")) now = styled(now, match[1] ?? "");
  }
  if (at < raw.length) found.push(...seen(raw.slice(at), at, now));
  return { pieces: found, after: now };
}

/** A symbol as terminals write it, "^G"; fonts that have the symbols are few. */
export function caret(symbols: string): string {
  return symbols.replace(/[\u2400-\u2421]/g, (symbol) =>
    symbol === "␡" ? "^?" : `^${String.fromCharCode(symbol.charCodeAt(0) - 0x2400 + 0x40)}`,
  );
}

/** Without any escape sequences. */
export function plain(raw: string): string {
  return raw.includes("\u001b") || raw.includes("\u009b") ? raw.replace(ESCAPE, "") : raw;
}

/** The style that is in force behind a line. */
export function after(raw: string, style: Style): Style {
  return raw.includes("\u001b") || raw.includes("\u009b") ? pieces(raw, style).after : style;
}

function seen(text: string, at: number, style: Style): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), at: at + from, style });
    from = match.index + 1;
    const last = found.at(-1);
    const symbol = symbolOf(match[0]);
    if (last?.isSymbol && last.at + last.text.length === at + match.index)
      found[found.length - 1] = { ...last, text: last.text + symbol };
    else found.push({ text: symbol, at: at + match.index, style: PLAIN, isSymbol: true });
  }
  if (from < text.length) found.push({ text: text.slice(from), at: at + from, style });
  return found;
}

function symbolOf(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : "�";
}

function styled(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let now = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48 || code === 58) {
      const { colour, length } = extended(codes, at + 1, parameters.includes(":"));
      if (code === 38) now = { ...now, colour };
      at += length;
    } else now = one(now, code);
  }
  return now;
}

function one(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 4) return { ...style, underline: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 24) return { ...style, underline: false };
  if (code === 39) return { ...style, colour: undefined };
  const colour = code >= 30 && code <= 37 ? code - 30 : code >= 90 && code <= 97 ? code - 90 : -1;
  return colour >= 0 ? { ...style, colour: COLOURS[colour] } : style;
}

/** 5;N or 2;R;G;B behind a 38, as the nearest of the eight; and how many numbers that was. */
function extended(codes: readonly number[], at: number, colons: boolean) {
  if (codes[at] === 5) return { colour: ofPalette(codes[at + 1] ?? 0), length: 2 };
  if (codes[at] === 2) {
    // With colons a colour space may stand before them.
    const from = at + 1 + (colons && codes.length - at > 4 ? 1 : 0);
    const [red = 0, green = 0, blue = 0] = codes.slice(from, from + 3);
    return { colour: nearest(red, green, blue), length: from + 2 - at + 1 };
  }
  return { colour: undefined, length: 1 };
}

function ofPalette(index: number): Colour | undefined {
  if (index < 16) return COLOURS[index % 8];
  if (index >= 232) return index < 244 ? "black" : "white";
  const level = (digit: number) => (digit ? 55 + 40 * digit : 0);
  const cube = index - 16;
  return nearest(level(Math.floor(cube / 36) % 6), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

const HUES: readonly Colour[] = ["red", "yellow", "green", "cyan", "blue", "magenta"];

function nearest(red: number, green: number, blue: number): Colour {
  const most = Math.max(red, green, blue);
  const spread = most - Math.min(red, green, blue);
  if (spread < 40) return most < 128 ? "black" : "white";
  const sixth =
    most === red
      ? (green - blue) / spread
      : most === green
        ? (blue - red) / spread + 2
        : (red - green) / spread + 4;
  return HUES[Math.round((sixth + 6) % 6) % 6] ?? "white";
}
