import { beforeEach, expect, it, vi } from "vitest";
import { Refused } from "@/api/client";
import type { CommandFile, FileQueue, Validated } from "@/api/types";
import * as calls from "./calls";
import { added, blank, changed, nudged, removed } from "./edits";
import { block, queue } from "./fixture";
import { sheetOf, withIds, type Sheet } from "./sheet";
import { unsavedOf } from "./unsaved";

const structure = [queue(block("1/0", "a", {}, { block: 0 }), block("1/1", "b", {}, { block: 1 }))];
const file = { text: "saved", etag: "one", structure } as CommandFile;
const base = (): Sheet =>
  sheetOf({ text: "saved", structure, broken: [], faults: [], count: 0 }, (all) =>
    withIds(all, ({ commands }) => commands),
  );
const answer = (text: string, queues: FileQueue[]): Validated => ({
  text,
  structure: queues,
  broken: [],
  faults: [],
  fault_count: 0,
  tasks: 0,
  queues: 0,
  valid: true,
});

let index = 0;
const another = () => unsavedOf({ mode: "single", index: (index += 1) });
const sent = () => vi.mocked(calls.validate).mock.calls;

beforeEach(() => {
  localStorage.clear();
  vi.spyOn(calls, "validate");
});

it("sends an edit of a form with the text it is of, and keeps what that comes to", async () => {
  const one = another();
  vi.mocked(calls.validate).mockResolvedValue(answer("edited", structure));
  const done = one.edit(changed("a", { memory_gb: 14 }), file, base());
  expect(one.snapshot()).toMatchObject({ ahead: true, draft: null });
  expect(one.snapshot().queues?.[0]?.tasks[0]?.memory_gb).toBe(14);
  expect(await done).toBeNull();
  expect(sent()[0]?.slice(1)).toEqual([
    "saved",
    [{ queue_id: 1, tasks: [{ block: 0, memory_gb: 14 }, { block: 1 }] }],
  ]);
  expect(one.snapshot()).toMatchObject({ ahead: false, draft: { text: "edited", etag: "one" } });
  expect(localStorage.getItem(`gpulane-unsaved-single-${index}`)).toContain("edited");
});

it("sends what came meanwhile with the new block numbers", async () => {
  const one = another();
  const swapped = [queue(block("1/0", "b", {}, { block: 0 }), block("1/1", "a", {}, { block: 1 }))];
  vi.mocked(calls.validate).mockResolvedValue(answer("swapped", swapped));
  const first = one.edit(nudged("b", -1), file, base());
  await Promise.resolve();
  const second = one.edit(changed("b", { memory_gb: 5 }), file, base());
  const third = one.edit(added(1, 2, blank(undefined, 1, "new")), file, base());
  await Promise.all([first, second, third]);
  expect(sent()).toHaveLength(2);
  expect(sent()[1]?.[1]).toBe("swapped");
  expect(sent()[1]?.[2]?.[0]?.tasks.map(({ block: number, memory_gb }) => [number, memory_gb])).toEqual([
    [0, 5],
    [1, undefined],
    [undefined, 1],
  ]);
});

it("takes back what is refused, and says why", async () => {
  const one = another();
  const problem = { type: "bad", title: "", status: 422, detail: "no block can say that", faults: [] };
  vi.mocked(calls.validate).mockRejectedValue(new Refused(422, problem));
  expect(await one.edit(removed("a"), file, base())).toMatchObject({ message: "no block can say that" });
  expect(one.snapshot()).toMatchObject({ ahead: false, draft: null });
  expect(one.snapshot().queues?.[0]?.tasks).toHaveLength(2);
});

it("asks about what was typed before it takes an edit of a form", async () => {
  const one = another();
  vi.mocked(calls.validate)
    .mockResolvedValueOnce(answer("typed", structure))
    .mockResolvedValueOnce(answer("both", structure));
  one.write("typed", file);
  await one.edit(nudged(base().queues?.[0]?.tasks[1]?.id ?? "", -1), file, base());
  expect(sent()[0]?.slice(1)).toEqual(["typed", undefined]);
});

it("takes an edit of a form also where the text goes on changing meanwhile", async () => {
  const one = another();
  vi.mocked(calls.validate)
    .mockImplementationOnce(() => {
      one.write("typed more", file);
      return Promise.resolve(answer("typed", structure));
    })
    .mockResolvedValueOnce(answer("typed more", structure))
    .mockResolvedValueOnce(answer("both", structure));
  one.write("typed", file);
  const id = base().queues?.[0]?.tasks[0]?.id ?? "";
  expect(await one.edit(changed(id, { memory_gb: 14 }), file, base())).toBeNull();
  expect(sent().map(([, text]) => text)).toEqual(["typed", "typed more", "typed more"]);
  expect(one.snapshot().draft?.text).toBe("both");
});

it("forgets what is discarded, and what was asked before", async () => {
  const one = another();
  let tell: (told: Validated) => void = () => undefined;
  vi.mocked(calls.validate).mockReturnValue(new Promise((done) => (tell = done)));
  const done = one.edit(removed("a"), file, base());
  await Promise.resolve();
  one.discard();
  tell(answer("edited", structure));
  await done;
  expect(one.snapshot()).toMatchObject({ draft: null, queues: null, ahead: false });
});

it("is nothing unsaved when the text is as it is saved", () => {
  const one = another();
  one.write("other", file);
  expect(one.snapshot().draft?.text).toBe("other");
  one.write("saved", file);
  expect(one.snapshot().draft).toBeNull();
});

it("stays an edit of the version it began with, until it is kept over another one", () => {
  const one = another();
  one.write("mine", file);
  one.write("mine too", { ...file, etag: "two", text: "theirs" });
  expect(one.snapshot().draft?.etag).toBe("one");
  one.rebase("two");
  expect(one.snapshot().draft?.etag).toBe("two");
});

it("keeps what was written while it was saved, as an edit of what was saved", () => {
  const one = another();
  one.write("saved text", file);
  one.write("saved text, and more", file);
  one.saved({ text: "saved text", etag: "two" } as CommandFile);
  expect(one.snapshot().draft).toMatchObject({ text: "saved text, and more", etag: "two" });
  one.saved({ text: "saved text, and more", etag: "three" } as CommandFile);
  expect(one.snapshot().draft).toBeNull();
});

it("does not take another tab's text over what is being typed here", () => {
  const one = another();
  one.write("typed here", file);
  const newValue = JSON.stringify({ text: "theirs", etag: "two", since: 1 });
  window.dispatchEvent(new StorageEvent("storage", { key: `gpulane-unsaved-single-${index}`, newValue }));
  expect(one.snapshot().draft).toMatchObject({ text: "typed here", etag: "two" });
});

it("keeps what a form has changed before the console has answered, and takes it up again", async () => {
  const one = another();
  const problem = { type: "login", title: "", status: 401, detail: "", faults: [] };
  vi.mocked(calls.validate).mockRejectedValueOnce(new Refused(401, problem));
  await one.edit(changed("a", { memory_gb: 14 }), file, base());
  window.dispatchEvent(new Event("pagehide"));
  const forms = [{ queue_id: 1, tasks: [{ block: 0, memory_gb: 14 }, { block: 1 }] }];
  const key = (at: number) => `gpulane-unsaved-single-${at}`;
  const kept = localStorage.getItem(key(index)) ?? "";
  expect(JSON.parse(kept)).toMatchObject({ text: "saved", etag: "one", forms });
  localStorage.setItem(key(index + 1), kept); // the page is loaded again
  const again = another();
  vi.mocked(calls.validate).mockResolvedValueOnce(answer("edited", structure));
  again.look();
  await vi.waitFor(() => expect(again.snapshot().draft?.text).toBe("edited"));
  expect(sent().at(-1)?.slice(1)).toEqual(["saved", forms]);
  expect(JSON.parse(localStorage.getItem(key(index)) ?? "")).not.toHaveProperty("forms");
});

it("lets go of a form's change that is refused when it is taken up again", async () => {
  const forms = [{ queue_id: 1, tasks: [] }];
  const kept = JSON.stringify({ text: "typed", etag: "one", since: 1, forms });
  localStorage.setItem(`gpulane-unsaved-single-${index + 1}`, kept);
  const one = another();
  const problem = { type: "bad", title: "", status: 422, detail: "no", faults: [] };
  vi.mocked(calls.validate)
    .mockRejectedValueOnce(new Refused(422, problem))
    .mockResolvedValueOnce(answer("typed", structure));
  one.look();
  await vi.waitFor(() => expect(one.snapshot().refused).toMatchObject({ status: 422 }));
  expect(one.snapshot()).toMatchObject({ draft: { text: "typed", etag: "one", since: 1 }, ahead: false });
  expect(one.snapshot().draft).not.toHaveProperty("forms");
  expect(one.snapshot().sheet?.text).toBe("typed");
});

it("leaves what another tab has kept of its forms as this one goes", () => {
  another();
  const key = `gpulane-unsaved-single-${index}`;
  const kept = JSON.stringify({ text: "saved", etag: "one", since: 1, forms: [{ queue_id: 1, tasks: [] }] });
  localStorage.setItem(key, kept);
  window.dispatchEvent(new StorageEvent("storage", { key, newValue: kept }));
  window.dispatchEvent(new Event("pagehide"));
  expect(localStorage.getItem(key)).toBe(kept);
});

it("takes a text over what forms have sent and nobody has answered yet", async () => {
  const one = another();
  vi.mocked(calls.validate).mockResolvedValueOnce(answer("edited", structure));
  const done = one.edit(removed("a"), file, base());
  one.write("restored", file);
  await done;
  expect(one.snapshot()).toMatchObject({ ahead: false, draft: { text: "restored" } });
});

it("does not take a save of the text for one of what forms have made of it", () => {
  const kept = JSON.stringify({ text: "saved", etag: "one", since: 1, forms: [{ queue_id: 1, tasks: [] }] });
  localStorage.setItem(`gpulane-unsaved-single-${index + 1}`, kept);
  const one = another();
  one.saved({ ...file, etag: "two" });
  expect(one.snapshot().draft).toMatchObject({ text: "saved", etag: "two", forms: [{ queue_id: 1 }] });
});
