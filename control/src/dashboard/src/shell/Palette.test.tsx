import { MantineProvider } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter, useLocation } from "react-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { words } from "@/words";
import Palette from "./Palette";

beforeEach(() => {
  // jsdom draws nothing.
  Element.prototype.scrollIntoView = vi.fn();
});
afterEach(async () => {
  act(() => spotlight.close());
  localStorage.clear();
  await words.changeLanguage("en");
});

function Here() {
  const { pathname, search } = useLocation();
  return <output>{pathname + search}</output>;
}

function sought(text: string, role = "write") {
  const queries = new QueryClient();
  queries.setQueryData(["identity"], { role, user: "chen", host: "lab" });
  render(
    <MantineProvider defaultColorScheme="dark" env="test">
      <QueryClientProvider client={queries}>
        <MemoryRouter>
          <Palette />
          <Here />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  act(() => spotlight.open());
  fireEvent.change(screen.getByRole("textbox"), { target: { value: text } });
}

it("leads to a new task", () => {
  sought("new task");
  fireEvent.click(screen.getByText("New task"));
  expect(screen.getByRole("status").textContent).toBe("/ui/tasks?new=1");
});

it("makes no new task for who may only look", () => {
  sought("new", "read");
  expect(screen.getByText("New task").closest("button")?.disabled).toBe(true);
});

it("changes the theme, in Chinese as well", async () => {
  await words.changeLanguage("zh");
  sought("主题");
  fireEvent.click(screen.getByText("主题：浅色"));
  expect(document.documentElement.dataset["mantineColorScheme"]).toBe("light");
});
