import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LogReader } from "./reader";

/** A console that has one file, of single-byte characters. */
const file = { text: "", generation: "1", isGone: false };
let asked = 0;

type Query = Partial<Record<"from" | "before" | "bytes" | "generation", string | number>>;

function answer(query: Query) {
  asked += 1;
  const number = (name: "from" | "before" | "bytes") =>
    query[name] === undefined ? undefined : Number(query[name]);
  const { text, generation } = file;
  const bytes = number("bytes") ?? 65_536;
  let [from, to] = [number("from") ?? 0, text.length];
  const before = number("before") ?? (query.from === undefined ? text.length : undefined);
  if (before !== undefined) {
    to = before;
    from = Math.max(0, before - bytes);
    if (from > 0) from = text.indexOf("\n", from - 1) + 1;
  } else {
    to = Math.min(text.length, from + bytes);
    if (to < text.length) to = text.lastIndexOf("\n", to - 1) + 1;
  }
  return {
    log_path: "/x.log",
    size: text.length,
    mtime: 1,
    generation,
    from,
    to,
    text: text.slice(from, to),
    at_line_start: from === 0 || text[from - 1] === "\n",
    replaced: query.generation !== undefined && query.generation !== generation,
  };
}

vi.mock("@/api/client", async (original) => {
  const { Refused } = await original<typeof import("@/api/client")>();
  const problem = { type: "no-log", title: "Not Found", status: 404, detail: "no such log", faults: [] };
  return {
    Refused,
    GET: (_: string, { params }: { params: { query: Query } }) => Promise.resolve(params.query),
    ask: async (query: Promise<Query>) => {
      if (file.isGone) throw new Refused(404, problem);
      return answer(await query);
    },
  };
});

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(file, { text: "", generation: "1", isGone: false });
});
afterEach(() => {
  vi.useRealTimers();
});

const lines = (count: number) =>
  Array.from({ length: count }, (_, at) => `line ${String(at).padStart(94, "0")}\n`).join("");
const shape = (reader: LogReader) => reader.snapshot().segments.map(({ from, to }) => [from, to]);

it("reads a small log whole", async () => {
  file.text = "a\nb\n";
  const reader = new LogReader("/x.log");
  await reader.open();
  expect(shape(reader)).toEqual([[0, 4]]);
  expect(reader.snapshot()).toMatchObject({ isLoading: false, error: null, size: 4 });
  reader.close();
});

it("opens a large one at its end, with its first lines; gaps are filled from where one comes", async () => {
  file.text = lines(100_000);
  const reader = new LogReader("/x.log");
  await reader.open();
  const [head, tail] = shape(reader);
  expect(head?.[0]).toBe(0);
  expect(tail?.[1]).toBe(10_000_000);
  const gap = { from: head?.[1] ?? 0, to: tail?.[0] ?? 0 };
  await reader.fill(gap, true);
  await reader.fill(gap, false);
  const [first, last] = shape(reader);
  expect(first?.[1]).toBeGreaterThan(gap.from);
  expect(last?.[0]).toBeLessThan(gap.to);
  expect(await reader.goTo(5_000_050)).toBe(true);
  expect(shape(reader)).toHaveLength(3);
  reader.close();
});

it("never holds more than some MB", async () => {
  file.text = lines(200_000);
  const reader = new LogReader("/x.log");
  await reader.open();
  for (let at = 0; at < 60; at += 1) {
    const [, tail] = reader.snapshot().segments;
    if (!tail) break;
    reader.look(tail.from);
    await reader.fill({ from: 0, to: tail.from }, true);
  }
  const held = shape(reader).reduce((sum, [from = 0, to = 0]) => sum + to - from, 0);
  expect(held).toBeLessThanOrEqual(6 * 1024 * 1024);
  expect(held).toBeGreaterThan(4 * 1024 * 1024);
  reader.close();
});

it("looks whether it has grown, and begins anew when it was replaced", async () => {
  file.text = "a\n";
  const reader = new LogReader("/x.log");
  await reader.open();
  file.text = "a\nb\n";
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shape(reader)).toEqual([[0, 4]]);
  Object.assign(file, { text: "new\n", generation: "2" });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reader.snapshot().segments[0]?.lines[0]?.text).toBe("new");
  expect(reader.snapshot().restarts).toBe(1);
  file.isGone = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reader.snapshot()).toMatchObject({ end: "gone" });
  expect(shape(reader)).toEqual([[0, 4]]);
  reader.close();
  const before = asked;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toBe(before);
});

it("says why it can't be read", async () => {
  file.isGone = true;
  const reader = new LogReader("/x.log");
  await reader.open();
  expect(reader.snapshot().error).toMatchObject({ status: 404, message: "no such log" });
  reader.close();
});
