/** Which part of a tall element is in the window, with room around it: scrolling within that draws nothing anew. */
import { useLayoutEffect, useState, type RefObject } from "react";

const STEP = 400;

export function useInSight(
  of: RefObject<HTMLElement | null>,
  height: number,
): { top: number; height: number } {
  const [sight, setSight] = useState({ top: 0, height: 0 });
  useLayoutEffect(() => {
    const look = () => {
      const above = -(of.current?.getBoundingClientRect().top ?? 0);
      const top = Math.max(0, Math.floor(above / STEP) * STEP - STEP);
      const bottom = (Math.floor((above + window.innerHeight) / STEP) + 2) * STEP;
      const next = { top, height: Math.max(0, Math.min(height, bottom) - top) };
      setSight((before) => (before.top === next.top && before.height === next.height ? before : next));
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [of, height]);
  return sight;
}
