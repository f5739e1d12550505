/** The height that is left below an element's upper edge: panes scroll in themselves, the page does not. */
import { useLayoutEffect, useRef, useState, type RefObject } from "react";

export function useBelow(): [RefObject<HTMLDivElement | null>, string] {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(108);
  // Banners come and go above it, and each of them draws the page again.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    const now = box.current ? Math.round(box.current.getBoundingClientRect().top + window.scrollY) : top;
    if (now !== top) setTop(now);
  });
  return [box, `calc(100dvh - ${top}px - var(--gl-bottom, 0px))`];
}
