/** Single keys that lead to pages: G, then one more. Off in inputs, and where they were turned off. */
import { useEffect, useEffectEvent } from "react";
import { useNavigate } from "react-router";
import { recall } from "@/parts/kept";
import { PAGES } from "./pages";

const PATIENCE = 1_200;
export const KEYS_OFF = "gpulane-keys-off";

export function isTyping(event: KeyboardEvent): boolean {
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    isTakenBy(event.target, event.key) ||
    recall(KEYS_OFF) !== null
  );
}

/** A switch or a choice takes the keys that change it, and no letters. */
function isTakenBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("[type=radio], [type=checkbox], [role=radio]"))
    return key === " " || key.startsWith("Arrow");
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

export function useKeys(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let until = 0;
    const pressed = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const key = event.key.toLowerCase();
      const page = Date.now() < until ? PAGES.find((one) => one.key === key) : undefined;
      until = key === "g" && !page ? Date.now() + PATIENCE : 0;
      if (!page) return;
      event.preventDefault();
      event.stopImmediatePropagation(); // it is no key of the page's own, then
      void navigate(page.path);
    };
    window.addEventListener("keydown", pressed, true);
    return () => {
      window.removeEventListener("keydown", pressed, true);
    };
  }, [navigate]);
}

/** Calls `on[key]` for single keys on a page: { "/": focus }. */
export function usePageKeys(on: Record<string, (event: KeyboardEvent) => void>): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    const then = on[event.key];
    if (!then || isTyping(event) || document.querySelector('[role="dialog"]')) return;
    then(event);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event);
    window.addEventListener("keydown", listener);
    return () => window.removeEventListener("keydown", listener);
  }, []);
}
