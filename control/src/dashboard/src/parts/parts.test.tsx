import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { describe, expect, it } from "vitest";
import type { Queue, Status } from "@/api/types";
import "@/words";
import { QueueCells } from "./QueueCells";
import { TaskState } from "./TaskState";

const STATES: Status[] = [
  "held",
  "pending",
  "waiting",
  "running",
  "backoff",
  "completed",
  "failed",
  "cancelled",
  "skipped",
];

function inScheme(scheme: "dark" | "light", what: ReactNode) {
  return render(
    <MantineProvider forceColorScheme={scheme} env="test">
      {what}
    </MantineProvider>,
  );
}

describe.each(["dark", "light"] as const)("in %s", (scheme) => {
  it.each(STATES)("%s is an icon and a word", (state) => {
    const { container } = inScheme(scheme, <TaskState state={state} detail="3 of 9" />);
    expect(
      container.querySelector("svg")?.getAttribute("stroke") ?? container.querySelector("svg"),
    ).toBeTruthy();
    expect(screen.getByText(new RegExp(`^${state}$`, "i"))).toBeTruthy();
    expect(screen.getByText("3 of 9")).toBeTruthy();
  });

  it("a queue is told in words", () => {
    const queue = {
      queue_id: 1,
      total: 12,
      current: 2,
      counts: { completed: 2, running: 1, pending: 9 },
      tasks: [],
    } as unknown as Queue;
    inScheme(scheme, <QueueCells queue={queue} name="Queue 1 cars" />);
    expect(screen.getByRole("img").getAttribute("aria-label")).toBe(
      "Queue 1 cars: 2 of 12 completed, 1 running",
    );
  });

  it("a long queue is one bar", () => {
    const queue = {
      queue_id: 1,
      total: 400,
      current: 0,
      counts: { pending: 400 },
      tasks: [],
    } as unknown as Queue;
    const { container } = inScheme(scheme, <QueueCells queue={queue} name="Queue 1" />);
    expect(container.querySelectorAll("[data-state]")).toHaveLength(0);
  });
});
