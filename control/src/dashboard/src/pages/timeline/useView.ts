/** The span of time that is looked at. While it is moved it lives here; once it stands, in the address. */
import { useCallback, useEffect, useState } from "react";
import { useParameters } from "@/parts/parameters";
import { following, USUAL, viewOf, zoomed, type View } from "./view";

const SETTLED = 250;
const NAMES = ["from", "span"] as const;

export interface Viewed {
  view: View;
  /** It moves on with now. */
  isFollowing: boolean;
  isMoving: boolean;
  change: (next: (view: View) => View) => void;
  /** Closer or further; what follows now goes on following. */
  zoom: (factor: number) => void;
  choose: (span: number) => void;
  /** To now, with as much time as it shows. */
  follow: () => void;
  reset: () => void;
}

export function useView(now: number): Viewed {
  const [said, say] = useParameters(NAMES);
  const over = `${said.from} ${said.span}`;
  // Once the address says another one, what was moved before is over.
  const [moved, setMoved] = useState<{ view: View; over: string } | null>(null);
  const moving = moved?.over === over ? moved.view : null;
  const view = moving ?? viewOf(said, now);
  const isFollowing = !moving && !(Number(said.from) > 0);

  useEffect(() => {
    if (!moving) return;
    const timer = setTimeout(() => {
      say(inAddress(moving));
    }, SETTLED);
    return () => {
      clearTimeout(timer);
    };
  }, [moving, say]);

  const change = useCallback(
    (next: (view: View) => View) => {
      setMoved((before) => ({ view: next(before?.over === over ? before.view : viewOf(said, now)), over }));
    },
    [over, said, now],
  );
  const choose = (span: number) => {
    const sees = view.from <= now && now <= view.from + view.span;
    const from = view.from + (view.span - span) / 2;
    setMoved(null);
    say(inAddress(sees ? { ...following(now, span), from: 0 } : { from, span }));
  };
  const zoom = (factor: number) => {
    if (!isFollowing) {
      change((before) => zoomed(before, factor, before.from + before.span / 2, now));
      return;
    }
    say(inAddress({ from: 0, span: zoomed(view, factor, now, now).span }));
  };
  const follow = () => {
    setMoved(null);
    say({ from: "" });
  };
  const reset = () => {
    setMoved(null);
    say({ from: "", span: "" });
  };
  return { view, isFollowing, isMoving: moving !== null, change, choose, zoom, follow, reset };
}

/** Whole seconds, but where those are seen. */
function inAddress({ from, span }: View): { from: string; span: string } {
  const digits = span < 3_600 ? 2 : 0;
  const said = (value: number) => String(Number(value.toFixed(digits)));
  return { from: from > 0 ? said(from) : "", span: span === USUAL ? "" : said(span) };
}
