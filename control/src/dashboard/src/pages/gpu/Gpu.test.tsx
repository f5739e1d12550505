import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, within } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Card, GpuProcess } from "@/api/types";
import { words } from "@/words";
import { CardTable } from "./CardTable";
import { allowance, card, gpus, lease, process, task } from "./fixtures";
import { GpuCard } from "./GpuCard";

const turned = vi.hoisted(() => vi.fn());
vi.mock("@/api/client", async (original) => ({ ...(await original<object>()), POST: turned }));

beforeEach(() => {
  // No answer comes.
  turned.mockReset().mockReturnValue(new Promise(() => undefined));
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await words.changeLanguage("en");
});

const NOTHING_SAID = { gpu: "", range: "", view: "", sort: "", more: "" };
const CAP = allowance({ held: 5, allowed: 5 });

function around(what: React.ReactNode, role: "read" | "write", scheme: "dark" | "light") {
  const queries = new QueryClient();
  queries.setQueryData(["identity"], { role, user: "chen", host: "lab" });
  return render(
    <MantineProvider forceColorScheme={scheme} env="test">
      <QueryClientProvider client={queries}>
        <MemoryRouter>{what}</MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

interface How {
  processes?: GpuProcess[];
  role?: "read" | "write";
  scheme?: "dark" | "light";
  say?: () => void;
}

function shown(change: Partial<Card>, { processes = [], role = "write", scheme = "dark", say }: How = {}) {
  const one = card(change);
  return around(
    <GpuCard
      card={one}
      gpus={gpus([one], { allowance: CAP })}
      processes={processes}
      user="chen"
      isLive
      range="1h"
      samples={undefined}
      isLoading={false}
      error={null}
      isMarked={false}
      isOpen={false}
      say={say ?? (() => undefined)}
      more=""
    />,
    role,
    scheme,
  );
}

describe.each(["dark", "light"] as const)("a card in %s", (scheme) => {
  it("says what is free, who has what, and how busy it is", () => {
    const own = { tasks: [task()], own_used_gb: 10, own_promised_gb: 12, free_gb: 3.5 };
    const { container } = shown(
      { ...own, other_leases: [lease()], use: 84, temperature_c: 66, power_w: 318 },
      { processes: [process({ user: "chen", ours: "1/2", scheduler: 7, used_gb: 10 })], scheme },
    );
    const said = container.textContent;
    for (const each of [
      "3.5GB free",
      "own 10",
      "promised 2",
      "leases 8",
      "Use 84%",
      "Temp 66 °C",
      "Power 318 W",
    ])
      expect(said).toContain(each);
    expect(screen.getByRole("link", { name: "1/2" }).getAttribute("href")).toBe("/ui/state");
    const rows = within(screen.getByRole("list", { name: "On GPU 0" })).getAllByRole("listitem");
    expect(rows.map((row) => row.textContent)).toEqual([
      "chenpython, 1/2 cars10.0 GB",
      "小李lease, queue 38.0 GB promised",
    ]);
    expect(
      screen.getByRole("img", {
        name: /^10\.0 GB used by own tasks, 2\.0 promised, 0\.0 used by processes of yours that are no task, 8\.0 in/,
      }),
    ).toBeTruthy();
    expect(screen.getByText("No samples yet")).toBeTruthy();
  });

  it("says nothing that it can't know of a lost one", () => {
    const { container } = shown(
      { health: "lost", use: null, temperature_c: null, power_w: null },
      { scheme },
    );
    expect(container.textContent).toContain("–GB free");
    expect(screen.getByText("Lost")).toBeTruthy();
    expect(container.textContent).toContain("The driver has lost this card.");
  });
});

it("says why a free card is left alone", () => {
  const { container } = shown({ free: true });
  expect(screen.getByText("Free, left for others")).toBeTruthy();
  expect(container.textContent).toContain(
    "No processes. You hold 5 of 5 GPUs allowed, so this one stays free (gpu_left 1).",
  );
});

it("says whose what is promised is, where two have yet to take it", () => {
  const now = Date.now() / 1000;
  const none = { used_gb: null, asked_gb: 8, since: now - 900 };
  const young = { task: "11/0", key: "k2", used_gb: 0.9, asked_gb: 6, since: now - 60 };
  const tasks = [task({ task: "2/0", ...none }), task(young)];
  const { container } = shown({ tasks, own_used_gb: 0.9, own_promised_gb: 14 });
  expect(container.textContent).toMatch(
    /11\/0 started .* ago\. 13\.1 GB promised and not given to anyone else: 2\/0 8\.0 GB, 11\/0 5\.1 GB\./,
  );
});

it("says it in Chinese", async () => {
  await words.changeLanguage("zh");
  const { container } = shown({ free: true });
  expect(container.textContent).toContain(
    "没有进程。你占用 5 张 GPU，允许 5 张，所以这张留空（gpu_left 1）。",
  );
});

it("lists three of many processes, and the rest when asked", () => {
  const say = vi.fn();
  const processes = [1, 2, 3, 4, 5, 6].map((pid) => process({ pid, user: `user${pid}` }));
  shown({ others_gb: 24 }, { processes, say });
  expect(screen.getAllByRole("listitem")).toHaveLength(3);
  fireEvent.click(screen.getByRole("button", { name: "3 more" }));
  expect(say).toHaveBeenCalledWith({ more: "GPU-0" });
});

it("turns a card off at a click, and shows it at once", () => {
  shown({});
  const turn = screen.getByRole("switch", { name: "GPU 0 on for us" });
  expect(turn).toHaveProperty("checked", true);
  fireEvent.click(turn);
  expect(turn).toHaveProperty("checked", false);
  fireEvent.click(turn);
  expect(turned).toHaveBeenCalledTimes(1);
  expect(turned.mock.lastCall?.[1]).toEqual({ params: { path: { id: "GPU-0" } }, body: { state: "off" } });
});

it("turns nothing for a read-only login, and says why", () => {
  shown({}, { role: "read" });
  const turn = screen.getByRole("switch");
  fireEvent.click(turn);
  expect(turn).toHaveProperty("checked", true);
  expect(turn.getAttribute("aria-description")).toBe("read-only secret");
  expect(turned).not.toHaveBeenCalled();
});

it("lists the cards in a table, sorted as the address says", () => {
  const cards = [card({ index: "0", free_gb: 1 }), card({ index: "1", free_gb: 20 })];
  const say = vi.fn();
  around(
    <CardTable
      gpus={gpus(cards)}
      processes={() => []}
      marked="GPU-1"
      said={{ ...NOTHING_SAID, sort: "-free" }}
      say={say}
    />,
    "write",
    "dark",
  );
  const rows = screen.getAllByRole("row").slice(1);
  expect(rows.map((row) => row.querySelector("b")?.textContent)).toEqual(["GPU 1", "GPU 0"]);
  expect(screen.getByRole("columnheader", { name: "Free" }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: "Use" }));
  expect(say).toHaveBeenCalledWith({ sort: "-use" });
});
