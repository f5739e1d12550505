import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { HistoryRun } from "@/api/types";
import { NO_FILTER } from "./data";
import { Runs } from "./Runs";
import { inOrder } from "./runs";

const run = (id: number, started_at: number, finished_at: number | null, completed: number) =>
  ({
    run: { id, name: `r${id}`, started_at, finished_at, last_at: 500, counts: { completed }, attempts: id },
    goes_on: false,
  }) as unknown as HistoryRun;

it("sorts runs by what is said", () => {
  const runs = [run(3, 300, null, 1), run(2, 200, 250, 9), run(1, 100, 400, 4)];
  const order = (said: string) => inOrder(runs, said).map((one) => one.run.id);
  expect(order("")).toEqual([3, 2, 1]);
  expect(order("began")).toEqual([1, 2, 3]);
  expect(order("-ran")).toEqual([1, 3, 2]);
  expect(order("-tasks")).toEqual([2, 1, 3]);
  expect(order("attempts")).toEqual([1, 2, 3]);
  expect(order("-peak")).toEqual([3, 2, 1]);
});

function shown(change: object) {
  const said = { ...NO_FILTER, last: "", view: "runs", sort: "", ...change };
  return render(
    <MantineProvider env="test">
      <Runs runs={[]} said={said} say={() => undefined} />
    </MantineProvider>,
  );
}

it("says which filters leave runs as they are", () => {
  shown({ state: "failed" });
  expect(screen.queryByText(/listed whole/)).toBeNull();
  shown({ gpu: "0" });
  expect(screen.getByText(/listed whole/)).toBeTruthy();
});
