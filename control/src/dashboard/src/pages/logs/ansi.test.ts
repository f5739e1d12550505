import { expect, it } from "vitest";
import { after, caret, PLAIN, pieces, plain, type Style } from "./ansi";

const shown = (raw: string) => pieces(raw, PLAIN).pieces.map(({ text, style }) => [text, style]);
const texts = (raw: string) =>
  pieces(raw, PLAIN)
    .pieces.map(({ text }) => text)
    .join("");

it("leaves text as it is", () => {
  expect(shown("loss 0.3\tok")).toEqual([["loss 0.3\tok", {}]]);
  expect(texts("<script>alert(1)</script> &amp;")).toBe("<script>alert(1)</script> &amp;");
});

it("knows the eight colours, bright ones as them", () => {
  expect(shown("a\x1b[32mb\x1b[0mc\x1b[91md")).toEqual([
    ["a", {}],
    ["b", { colour: "green" }],
    ["c", {}],
    ["d", { colour: "red" }],
  ]);
});

it("knows bold, dim and underlined, and their ends", () => {
  const { pieces: found } = pieces("\x1b[1;4;33mx\x1b[22my\x1b[24;39mz", PLAIN);
  expect(found.map(({ style }) => [style.bold, style.underline, style.colour])).toEqual([
    [true, true, "yellow"],
    [false, true, "yellow"],
    [false, false, undefined],
  ]);
});

it("takes the nearest of the eight for others", () => {
  const colour = (code: string) => pieces(`\x1b[${code}mx`, PLAIN).pieces[0]?.style.colour;
  expect(
    ["38;5;9", "38;5;46", "38;5;240", "38;5;250", "38;2;80;200;255", "38:2::255:0:0", "38;2;1;2;3"].map(
      colour,
    ),
  ).toEqual(["red", "green", "black", "white", "cyan", "red", "black"]);
  expect(colour("48;5;196")).toBeUndefined();
  expect(colour("48;2;1;2;3;34")).toBe("blue");
});

it("goes on with the style of the line before", () => {
  const style: Style = after("\x1b[31mError:", PLAIN);
  expect(pieces("more", style).pieces[0]?.style.colour).toBe("red");
  expect(after("no escape", style)).toBe(style);
});

it("drops all other sequences, whole or cut off", () => {
  expect(
    texts("a\x1b[2Jb\x1b[?25lc\x1b[10;20Hd\x1b]0;title\x07e\x1b]8;;http://x\x1b\\f\x1b(Bg\x1b7h\x1bMi"),
  ).toBe("abcdefghi");
  expect(texts("end\x1b[3")).toBe("end");
  expect(texts("end\x1b]0;never ended")).toBe("end");
  expect(texts("end\x1b")).toBe("end");
  expect(texts("\x9b31mred")).toBe("red");
  expect(shown("\x1b[>4;1mx")).toEqual([["x", {}]]);
});

it("shows what can't be seen", () => {
  expect(texts("bell\x07 nul\x00 del\x7f c1\x85 bidi\u202eabc\u2066 zero\u200b")).toBe(
    "bell␇ nul␀ del␡ c1� bidi�abc� zero�",
  );
  expect(pieces("\x00\x01x", PLAIN).pieces[0]).toEqual({ text: "␀␁", at: 0, style: {}, isSymbol: true });
});

it("tells where each piece stands in the raw line", () => {
  const raw = "ab\x1b[31mcd\x07e\x1b[0mf";
  for (const piece of pieces(raw, PLAIN).pieces)
    if (!piece.isSymbol) expect(raw.slice(piece.at, piece.at + piece.text.length)).toBe(piece.text);
});

it("is fast on hostile lines", () => {
  const start = performance.now();
  pieces("\x1b[".repeat(50_000), PLAIN);
  pieces("\x1b]".repeat(50_000), PLAIN);
  expect(performance.now() - start).toBeLessThan(1_000);
});

it("takes sequences out for counting and matching", () => {
  expect(plain("\x1b[31mError\x1b[0m: x")).toBe("Error: x");
});

it("writes symbols as terminals do", () => {
  expect(caret("␀␇␛␡�")).toBe("^@^G^[^?�");
});
