import { expect, it } from "vitest";
import { byteLength, charAt, columns, isHead, joined, linesOf, MOST, type Line } from "./lines";

const bytes = (text: string) => new TextEncoder().encode(text).length;
const of = (text: string, from = 0, starts = true) => linesOf(text, from, from + bytes(text), starts);
const texts = (lines: readonly Line[]) => lines.map(({ text }) => text);

it("knows where lines stand", () => {
  const lines = of("a\nbé\n\n中🚀", 100);
  expect(lines.map(({ from, to, text, starts, ends }) => [from, to, text, starts, ends])).toEqual([
    [100, 102, "a", true, true],
    [102, 106, "bé", true, true],
    [106, 107, "", true, true],
    [107, 114, "中🚀", true, false],
  ]);
});

it("counts bytes as UTF-8 has them", () => {
  for (const text of ["a", "é", "中", "🚀", "x中🚀é\ufffd"]) expect(byteLength(text)).toBe(bytes(text));
});

it("keeps the end right where bytes were replaced", () => {
  // Of one byte each in the file, three as they stand here.
  const lines = linesOf("a\ufffd\nb\ufffd\n", 0, 6, true);
  expect(lines.map(({ from, to }) => [from, to])).toEqual([
    [0, 3],
    [3, 6],
  ]);
});

it("shows of a progress bar what stands", () => {
  const [line] = of("\r 1%\r 50%\r100%\nnext\n");
  expect(line).toMatchObject({ text: "100%", over: 2, from: 0, to: 15, textFrom: 10 });
  expect(of("windows\r\n")[0]).toMatchObject({ text: "windows", over: 0, to: 9 });
});

it("joins a line that came in parts", () => {
  const [first] = of("epo", 0);
  const [second] = of("ch 1\n", 3, false);
  expect(first && second && joined(first, second)).toMatchObject([
    { text: "epoch 1", from: 0, to: 8, starts: true, ends: true },
  ]);
});

it("joins a progress bar that came in parts", () => {
  const join = (...parts: string[]) => {
    let at = 0;
    let line: Line | undefined;
    for (const part of parts) {
      const [next] = of(part, at, at === 0);
      at += bytes(part);
      line = line && next ? joined(line, next)[0] : next;
    }
    return line;
  };
  expect(join("\r 1%", "\r 2%", "\r 3%\n")).toMatchObject({ text: " 3%", over: 2, ends: true, to: 13 });
  expect(join("1%\r", "2%\r", "3%\n")).toMatchObject({ text: "3%", over: 2 });
  expect(join("abc", "def\rx", "y\n")).toMatchObject({ text: "xy", over: 1, textFrom: 7 });
});

it("folds long lines, and marks an error in all of it", () => {
  const lines = of(`ValueError: ${"中".repeat(MOST)}\nb\n`);
  expect(lines.map(({ starts, ends, isError }) => [starts, ends, isError])).toEqual([
    [true, false, true],
    [false, true, true],
    [true, true, false],
  ]);
  expect(lines[0]?.to).toBe(lines[1]?.from);
  expect(lines[2]).toMatchObject({ text: "b", to: bytes(`ValueError: ${"中".repeat(MOST)}\nb\n`) });
});

it("cuts no pair of surrogates", () => {
  const lines = of("x" + "🚀".repeat(MOST));
  expect(texts(lines).join("")).toBe("x" + "🚀".repeat(MOST));
  expect(texts(lines).every((text) => !/\p{Surrogate}/u.test(text))).toBe(true);
});

it("carries a colour on to the next line", () => {
  const lines = of("\x1b[31mred\nstill\x1b[0m\nplain\n");
  expect(lines.map(({ style }) => style.colour)).toEqual([undefined, "red", undefined]);
});

it("finds a character by its byte", () => {
  const [line] = of("a中b", 10);
  expect(line && [10, 11, 14, 15, 9].map((byte) => charAt(line, byte))).toEqual([0, 1, 2, 3, null]);
});

it("counts columns", () => {
  expect(of("\x1b[31mab\x1b[0m中\t").map(columns)).toEqual([12]);
});

it("tells what gpulane wrote above", () => {
  const is = (text: string) => of(text).map(isHead)[0];
  expect(
    ["# gpulane: task 1/0", "#   true", "#", "##### gpulane: output #####", "# PATH: /bin"].map(is),
  ).toEqual([true, true, true, true, true]);
  expect(["# a heading", "print # x", "gpulane: exit 1"].map(is)).toEqual([false, false, false]);
});
