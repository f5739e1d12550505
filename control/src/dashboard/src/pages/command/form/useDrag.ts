/** Dragging a task by its handle, with mouse, pen or finger: along its queue, or onto another one in the tree. */
import { useEffect, useRef, useState, type PointerEvent as Pressed, type RefObject } from "react";

export interface Drop {
  /** Before which place of the queue that is shown. */
  at: number;
  /** A queue of the tree instead. */
  queue?: number;
}

export interface Drag {
  id: string | null;
  over: Drop | null;
  begin: (id: string, event: Pressed<HTMLElement>) => void;
}

/** Pixels from an edge of the list at which it scrolls, and how far at a time. */
const EDGE = 40;
const STEP = 12;
/** Before that it is a press. */
const SLACK = 4;

export function useDrag(box: RefObject<HTMLElement | null>, drop: (id: string, to: Drop) => void): Drag {
  const [id, setId] = useState<string | null>(null);
  const [over, setOver] = useState<Drop | null>(null);
  const latest = useRef(drop);
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => {
    latest.current = drop;
  });
  useEffect(() => () => stop.current?.(), []);

  const begin = (dragged: string, pressed: Pressed<HTMLElement>) => {
    if (pressed.button !== 0) return;
    const startY = pressed.clientY;
    const startX = pressed.clientX;
    let to: Drop | null = null;
    let started = false;
    const moved = (event: PointerEvent) => {
      started ||= Math.hypot(event.clientX - startX, event.clientY - startY) > SLACK;
      if (!started || !box.current) return;
      event.preventDefault();
      scroll(box.current, event.clientY);
      to = dropAt(box.current, event.clientX, event.clientY);
      mark(to?.queue);
      setId(dragged);
      setOver(to);
    };
    const end = (taken: boolean) => {
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", cancel);
      window.removeEventListener("keydown", key, true);
      stop.current = null;
      mark(undefined);
      setId(null);
      setOver(null);
      if (taken && to) latest.current(dragged, to);
    };
    const up = () => end(true);
    const cancel = () => end(false);
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      end(false);
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", cancel);
    window.addEventListener("keydown", key, true);
    stop.current = cancel;
  };
  return { id, over, begin };
}

function scroll(box: HTMLElement, y: number): void {
  const { top, bottom } = box.getBoundingClientRect();
  if (y < top + EDGE) box.scrollBy(0, -STEP);
  else if (y > bottom - EDGE) box.scrollBy(0, STEP);
}

function dropAt(box: HTMLElement, x: number, y: number): Drop | null {
  const inTree = document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-drop-queue]");
  if (inTree) return { at: -1, queue: Number(inTree.dataset["dropQueue"]) };
  const { left, right } = box.getBoundingClientRect();
  if (x < left || x > right) return null;
  const items = [...box.querySelectorAll<HTMLElement>("[data-item]")];
  const places = items
    .map((item) => ({ at: Number(item.dataset["index"]), box: item.getBoundingClientRect() }))
    .sort((a, b) => a.at - b.at);
  const below = places.find((one) => y < (one.box.top + one.box.bottom) / 2);
  const last = places.at(-1);
  return below ? { at: below.at } : last ? { at: last.at + 1 } : null;
}

/** The tree is none of ours: what is over one of its lines is marked from outside. */
function mark(queue: number | undefined): void {
  for (const line of document.querySelectorAll<HTMLElement>("[data-drop-queue]")) {
    if (queue !== undefined && line.dataset["dropQueue"] === String(queue)) line.dataset["dropOver"] = "true";
    else delete line.dataset["dropOver"];
  }
}
