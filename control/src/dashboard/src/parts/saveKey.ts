/** Ctrl S on a page that saves: also while one types, and never over a dialog. The browser's own stays away. */
import { useEffect, useEffectEvent } from "react";

export function useSaveKey(save: () => void): void {
  const act = useEffectEvent(save);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      if (!document.querySelector('[role="dialog"]')) act();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}
