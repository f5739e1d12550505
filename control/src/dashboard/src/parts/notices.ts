/** The browser's own notifications: a task has failed for good, a queue has ended, a scheduler has died. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useKnown } from "@/api/live";
import { shortName } from "./schedulers";
import { keep, recall } from "./kept";
import { happened, seenOf, type Seen } from "./happened";

const KEPT = "gpulane-notices";

/** Only pages that came safely may ask for them. */
export function canNotice(): boolean {
  return "Notification" in window && window.isSecureContext;
}

export function wantsNotices(): boolean {
  return recall(KEPT) !== null && canNotice() && Notification.permission === "granted";
}

export function setNotices(wanted: boolean): void {
  keep(KEPT, wanted ? "yes" : null);
}

/** Whether they may be shown. */
export async function askForNotices(): Promise<boolean> {
  return canNotice() && (await Notification.requestPermission()) === "granted";
}

/** Once for the page. Who looks at it sees for themselves. */
export function useNotices(): void {
  const { t } = useTranslation();
  const { schedulers, connection } = useKnown();
  const seen = useRef<Seen | null>(null);
  useEffect(() => {
    if (connection !== "live") return;
    const before = seen.current;
    seen.current = seenOf(schedulers);
    if (!before || document.visibilityState === "visible" || !wantsNotices()) return;
    for (const event of happened(before, schedulers)) {
      const name = shortName(event.one, t);
      const body = event.kind === "died" ? "" : t(`notices.${event.kind}Body`, { name });
      new Notification(t(`notices.${event.kind}`, { name, what: event.what }), {
        body,
        tag: `${event.one.id} ${event.kind} ${event.what}`,
        icon: "/favicon.svg",
      });
    }
  }, [schedulers, connection, t]);
}
