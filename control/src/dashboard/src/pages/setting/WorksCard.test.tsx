import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import "@/words";
import type { Draft, Value } from "./draft";
import { WorksCard } from "./WorksCard";

function shown(roots: string[], absent: string[]) {
  const value = (key: string): Value => (key === "log-roots" ? roots : key === "autostart" ? [] : "");
  const draft = { found: { keys: [], absent_roots: absent }, value } as unknown as Draft;
  const { container } = render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <WorksCard draft={draft} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return container;
}

it("warns of folders for logs that are not there, as long as they are named", () => {
  expect(shown(["/data", "/later"], ["/later"]).textContent).toContain("/later is no folder here.");
  expect(shown(["/data"], ["/later"]).textContent).not.toContain("no folder");
  expect(screen.getAllByRole("status")).toHaveLength(1);
});
