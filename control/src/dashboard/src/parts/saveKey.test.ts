import { renderHook } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { useSaveKey } from "./saveKey";

afterEach(() => document.body.replaceChildren());

function press(from: HTMLElement, key = "s"): Event {
  const event = new KeyboardEvent("keydown", { key, ctrlKey: true, bubbles: true, cancelable: true });
  from.dispatchEvent(event);
  return event;
}

function put(set: (made: HTMLElement) => void): HTMLElement {
  const made = document.createElement("div");
  set(made);
  document.body.append(made);
  return made;
}

it("saves from an editor, and keeps the browser's own dialog away", () => {
  const save = vi.fn();
  renderHook(() => useSaveKey(save));
  const editor = put((made) => made.setAttribute("contenteditable", "true"));
  expect(press(editor).defaultPrevented).toBe(true);
  expect(save).toHaveBeenCalledTimes(1);
  expect(press(editor, "d").defaultPrevented).toBe(false);
  expect(save).toHaveBeenCalledTimes(1);
});

it("opens nothing over a dialog", () => {
  const save = vi.fn();
  renderHook(() => useSaveKey(save));
  put((made) => made.setAttribute("role", "dialog"));
  expect(press(document.body).defaultPrevented).toBe(true);
  expect(save).not.toHaveBeenCalled();
});
