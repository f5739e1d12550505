/** Focus stays in an open dialog: a button that is disabled when it has been pressed would lose it to the page behind. */
import { useEffect } from "react";

export function useFocusKept(): void {
  useEffect(() => {
    const lost = () => {
      requestAnimationFrame(() => {
        if (document.activeElement && document.activeElement !== document.body) return;
        const dialogs = document.querySelectorAll<HTMLElement>('[role="dialog"][tabindex]');
        dialogs[dialogs.length - 1]?.focus({ preventScroll: true });
      });
    };
    document.addEventListener("focusout", lost);
    return () => document.removeEventListener("focusout", lost);
  }, []);
}
