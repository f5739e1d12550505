import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import type { ConfigKey } from "@/api/types";
import { allowance, card, gpus, task } from "@/pages/gpu/fixtures";
import "@/words";
import { CapPane } from "./CapPane";
import type { Draft } from "./draft";

const mine = ["0", "1", "2"].map((index) => card({ index, tasks: [task()] }));
const known = { schedulers: [], gpus: gpus(mine, { allowance: allowance({ held: 3, available: 3 }) }) };
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
