import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import type { ConfigKey } from "@/api/types";
import "@/words";
import { Field } from "./Field";

function typed(text: string) {
  const set = vi.fn();
  const key = { key: "min_gpu", type: "integer", null: false } as ConfigKey;
  const { unmount } = render(
    <MantineProvider env="test">
      <Field id="min" of={key} value={2} whyNot={undefined} wrong={false} set={set} />
    </MantineProvider>,
  );
  fireEvent.change(screen.getByRole("textbox"), { target: { value: text } });
  const said = document.body.textContent;
  unmount();
  return { set: set.mock.lastCall?.[0] as unknown, said };
}

it("takes what is typed as it is, and makes no other number of it", () => {
  expect(typed("-1").set).toBe(-1);
  expect(typed("1.5").set).toBe(1.5);
  expect(typed("3").set).toBe(3);
  expect(typed("05").set).toBe(5);
  expect(typed("10.0").set).toBe(10);
});

it("says that a sign alone is no number yet", () => {
  expect(typed("-")).toMatchObject({ set: undefined, said: expect.stringContaining("number") as unknown });
});
