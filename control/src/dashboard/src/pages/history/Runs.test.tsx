import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { NO_FILTER } from "./data";
import { Runs } from "./Runs";

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
