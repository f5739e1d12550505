/** A page that fills the window: its lines scroll, and not the page. */
import { useLayoutEffect, useState, type RefObject } from "react";

/** What is left of the window below an element's upper edge, as a length of CSS. */
export function useHeightBelow(ref: RefObject<HTMLElement | null>): string {
  const [top, setTop] = useState(48);
  useLayoutEffect(() => {
    const element = ref.current;
    const body = element?.parentElement;
    if (!element || !body) return;
    const measure = () => setTop(element.getBoundingClientRect().top + window.scrollY);
    measure();
    // Banners come and go above.
    const watch = new MutationObserver(measure);
    watch.observe(body, { childList: true });
    window.addEventListener("resize", measure);
    return () => {
      watch.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, [ref]);
  return `calc(100dvh - ${top}px - var(--below, 0px))`;
}
