import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SearchInput } from "./SearchInput";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** `told`: what the address is to be; it follows when it is rendered anew. */
function field(value: string, told: (text: string) => void) {
  return (
    <MantineProvider env="test">
      <SearchInput label="Filter" value={value} onChange={told} />
    </MantineProvider>
  );
}

it("keeps what is typed until the address has followed, and follows the address", () => {
  const told: string[] = [];
  const { rerender } = render(field("", (text) => told.push(text)));
  const input = screen.getByLabelText<HTMLInputElement>("Filter");
  fireEvent.change(input, { target: { value: "abc" } });
  act(() => void vi.advanceTimersByTime(1_000));
  expect(told).toEqual(["abc"]);
  rerender(field("", (text) => told.push(text))); // the address is late
  expect(input.value).toBe("abc");
  fireEvent.change(input, { target: { value: "abcd" } });
  rerender(field("abc", (text) => told.push(text)));
  expect(input.value).toBe("abcd");
  rerender(field("elsewhere", (text) => told.push(text)));
  expect(input.value).toBe("elsewhere");
});
