import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import type { ConfigKey } from "@/api/types";
import { allowance, card, gpus, task } from "@/pages/gpu/fixtures";
import "@/words";
import { CapPane } from "./CapPane";
import type { Draft } from "./draft";

const mine = ["0", "1", "2"].map((index) => card({ index, tasks: [task()] }));
const held = gpus(mine, { allowance: allowance({ held: 3, available: 3 }) });
const known = { schedulers: [], gpus: held };
beforeEach(() => (known.gpus = held));
vi.mock("@/api/live", async (original) => ({ ...(await original<object>()), useKnown: () => known }));

const KEYS = [
  { key: "min_gpu", default: 0 },
  { key: "max_gpu", default: null },
  { key: "gpu_left", default: 0 },
  { key: "use_all_gpus", default: true },
  { key: "compete_gpus", default: [] },
] as unknown as ConfigKey[];

function said(text: string) {
  const draft = { config: { keys: KEYS }, base: "", text } as unknown as Draft;
  const queries = new QueryClient();
  queries.setQueryData(["identity"], { role: "write", user: "chen", host: "lab" });
  queries.setQueryData(["gpu", "processes"], { cards: [] });
  const { container, unmount } = render(
    <MantineProvider env="test">
      <QueryClientProvider client={queries}>
        <CapPane draft={draft} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  const shown = container.textContent;
  unmount();
  return shown;
}

it("says how many cards are held, also of those that a range leaves out", () => {
  expect(said("")).toContain("You hold 3 now, as many as you may.");
  const none = said("use_all_gpus: false\n");
  expect(none).toContain("You hold 3 now. Your tasks may take no more. 3 of them are not in range");
  const one = said("use_all_gpus: false\ncompete_gpus: [0]\n");
  expect(one).toContain("You hold 3 now. Your tasks may take no more. 2 of them are not in range");
});

it("does not say that tasks may take what is off for us, though the scheduler counts it", () => {
  const off = card({ index: "3", off_since: 1, free: true });
  known.gpus = gpus([...mine, off], { allowance: allowance({ held: 3, available: 4 }) });
  const shown = said("");
  expect(shown).toContain(
    "available = 4: 3 you hold, 0 nobody else uses and 1 where none of your tasks starts.",
  );
  expect(shown).toContain("GPU 3 is off for us; as nobody else uses it, it counts.");
  expect(shown).toContain("GPU 3: off, it counts, and no task of yours starts there");
  expect(shown).toContain("You may hold 1 more, and there is none that a task could take.");
  known.gpus = gpus([...mine, off, card({ index: "4", free: true })], {
    allowance: allowance({ held: 3, available: 5 }),
  });
  expect(said("")).toContain("3 you hold, 1 nobody else uses and 1 where");
  expect(said("")).toContain("Your tasks may take 1 more.");
});

it("says of a card that is off for us that it is ours while a task of ours runs there", () => {
  const running = { ...mine[2], off_since: 1 } as (typeof mine)[number];
  known.gpus = gpus([...mine.slice(0, 2), running], { allowance: allowance({ held: 3, available: 3 }) });
  expect(said("")).toContain("available = 3: 3 you hold and 0 nobody else uses. GPU 2 is off for us.");
  expect(said("")).toContain("GPU 2: yours, it counts");
});
