/** The span of time that is looked at. While it is moved it lives here; once it stands, in the address. */
import { useEffect, useState } from "react";
import { useParameters } from "@/parts/parameters";
import { following, USUAL, viewOf, zoomed, type View } from "./view";

const SETTLED = 250;
const NAMES = ["from", "span"] as const;

export interface Viewed {
  view: View;
  isMoving: boolean;
  change: (next: (view: View) => View) => void;
  /** Closer or further; what follows now goes on following. */
  zoom: (factor: number) => void;
  choose: (span: number) => void;
  /** To now, with as much time as it shows. */
  follow: () => void;
  reset: () => void;
}

/** `follows`: it ends where now does, whatever that is by then. */
interface Shown {
  view: View;
  follows: boolean;
}

export function useView(now: number): Viewed {
  const [said, say] = useParameters(NAMES);
  const over = `${said.from} ${said.span}`;
  const asSaid = { view: viewOf(said, now), follows: !(Number(said.from) > 0) };
  // Once the address says another one, what was moved before is over.
  const [moved, setMoved] = useState<(Shown & { over: string }) | null>(null);
  const moving = moved?.over === over ? moved : null;
  const { view: still, follows: isFollowing } = moving ?? asSaid;
  const view = isFollowing ? following(now, still.span) : still;

  useEffect(() => {
    if (!moving) return;
    const timer = setTimeout(() => {
      const next = inAddress(moving.follows ? { ...moving.view, from: 0 } : moving.view);
      if (next.from === said.from && next.span === said.span) setMoved(null);
      else say(next);
    }, SETTLED);
    return () => {
      clearTimeout(timer);
    };
  }, [moving, said, say]);

  // From the last one that was asked for: keys come faster than the page is drawn.
  const step = (next: (shown: Shown) => Shown) => {
    setMoved((before) => {
      const { view, follows } = before?.over === over ? before : asSaid;
      return { ...next({ view: follows ? following(now, view.span) : view, follows }), over };
    });
  };
  const change = (next: (view: View) => View) => {
    step((shown) => ({ view: next(shown.view), follows: false }));
  };
  const choose = (span: number) => {
    const sees = view.from <= now && now <= view.from + view.span;
    const from = view.from + (view.span - span) / 2;
    setMoved(null);
    say(inAddress(sees ? { ...following(now, span), from: 0 } : { from, span }));
  };
  const zoom = (factor: number) => {
    step(({ view, follows }) => ({
      view: zoomed(view, factor, follows ? now : view.from + view.span / 2, now),
      follows,
    }));
  };
  const follow = () => {
    setMoved(null);
    say({ from: "" });
  };
  const reset = () => {
    setMoved(null);
    say({ from: "", span: "" });
  };
  return { view, isMoving: moving !== null, change, choose, zoom, follow, reset };
}

/** Whole seconds, but where those are seen. */
function inAddress({ from, span }: View): { from: string; span: string } {
  const digits = span < 3_600 ? 2 : 0;
  const said = (value: number) => String(Number(value.toFixed(digits)));
  return { from: from > 0 ? said(from) : "", span: span === USUAL ? "" : said(span) };
}
