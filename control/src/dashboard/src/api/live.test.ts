import { beforeEach, expect, it, vi } from "vitest";
import * as client from "./client";
import * as events from "./events";
import type { Heard } from "./events";
import { live } from "./live";

const scheduler = (id: string) => ({ id, version: `${id}.1`, alive: true, state: null, configuration: null });
let hear: (heard: Heard) => void = () => undefined;
const tell = (kind: Heard["kind"], data: object) => hear({ kind, data: JSON.stringify(data) });
const ids = () => live.snapshot().schedulers.map(({ id }) => id);

beforeEach(() => {
  vi.spyOn(events, "listen").mockImplementation((to) => {
    hear = to;
    return () => undefined;
  });
  vi.spyOn(client, "ask").mockImplementation((call) => call);
  vi.spyOn(client, "GET").mockImplementation(
    (path: string) =>
      (path === "/api/scheduler/running"
        ? { now: 1, schedulers: [scheduler("7"), scheduler("8")] }
        : { cards: [] }) as never,
  );
});

it("forgets who was dismissed while nothing was heard", async () => {
  live.tryNow();
  tell("hello", { now: 1, versions: { "7": "7.1", "8": "8.1" } });
  await vi.waitFor(() => expect(ids()).toEqual(["7", "8"]));
  tell("hello", { now: 2, versions: { "7": "7.1" } });
  await vi.waitFor(() => expect(ids()).toEqual(["7"]));
  expect(client.GET).toHaveBeenCalledTimes(2); // nothing had to be asked again
});
