/** What is pointed at, with a pointer or by keys, and where it leads. */
import { useMemo, useState, type KeyboardEvent, type RefObject } from "react";
import { useNavigate } from "react-router";
import { idOf } from "./items";
import { barOf, hitAt, nextFrom, type Hit, type Placed } from "./place";
import { factsOf, type Asked } from "./told";
import { useGestures } from "./useGestures";
import type { Viewed } from "./useView";
import { moved, Scale, zoomed } from "./view";

/** `x`: of the pointer; `isKey`: it was come to by keys. */
interface Pointed {
  id: string;
  lane: string;
  x: number;
  isAbove: boolean;
  isKey: boolean;
}

interface Props {
  plot: RefObject<HTMLElement | null>;
  all: readonly Placed[];
  seen: readonly Placed[];
  scale: Scale;
  now: number;
  change: Viewed["change"];
  asked: Asked;
}

const ARROWS: Record<string, "left" | "right" | "up" | "down"> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  j: "down",
  k: "up",
};
/** Of the window, below which what is said of a thing stands above it. */
const LOW = 0.62;
/** Of the window's height, what header and axis, and overview, cover. */
const COVERED = { top: 110, bottom: 120 };

export function usePointing({ plot, all, seen, scale, now, change, asked }: Props) {
  const navigate = useNavigate();
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const hit = useMemo(() => pointed && found(all, pointed), [all, pointed]);
  const point = (next: Hit | null, x: number, clientY: number, isKey: boolean) => {
    const isAbove = clientY > window.innerHeight * LOW;
    setPointed(next && { id: idOf(next.slot.item), lane: next.placed.key, x, isAbove, isKey });
  };
  const follow = (to: Hit) => void navigate(factsOf(to.slot.item, asked).to);

  const { isDragging } = useGestures(plot, {
    pan: (pixels) => {
      change((before) => moved(before, -scale.seconds(pixels), now));
    },
    zoom: (factor, x) => {
      change((before) => zoomed(before, factor, new Scale(before, scale.width).time(x), now));
    },
    point: (at) => {
      point(at && hitAt(seen, scale, now, at), at?.x ?? 0, at?.clientY ?? 0, false);
    },
    open: (at, byFinger) => {
      const next = hitAt(seen, scale, now, at);
      if (next && (!byFinger || idOf(next.slot.item) === pointed?.id)) follow(next);
      else point(next, at.x, at.clientY, false);
    },
  });

  const goTo = (next: Hit) => {
    const { start, end } = next.slot;
    const { from, span } = scale.view;
    if (end < from || start > scale.until) change((before) => moved(before, start - from - span / 3, now));
    const top = (plot.current?.getBoundingClientRect().top ?? 0) + next.placed.top;
    if (top < COVERED.top || top > window.innerHeight - COVERED.bottom)
      window.scrollBy({ top: top - window.innerHeight / 2 });
    point(next, Math.max(0, scale.x(Math.max(start, from))), top, true);
  };
  const byKey = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (event.key === "Enter" && hit) follow(hit);
    else if (event.key === "Escape") setPointed(null);
    else if (arrow && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      const next = nextFrom(all, scale, hit, arrow);
      if (next) goTo(next);
    }
  };
  const leave = () => {
    setPointed((before) => (before?.isKey ? null : before));
  };
  return { hit, pointed, isDragging, byKey, leave };
}

/** What was pointed at, in what is known now. */
function found(all: readonly Placed[], { id, lane }: Pointed): (Hit & { y: number; h: number }) | null {
  const one = all.find((each) => each.key === lane);
  if (one?.kind !== "lane") return null;
  for (const row of one.lane.rows)
    for (const slot of row)
      if (idOf(slot.item) === id) return { placed: one, slot, ...barOf(slot, one.height) };
  return null;
}
