/** How a scheduler is: a dot while it runs, else an icon. */
import {
  IconAlertTriangle,
  IconArrowBarToDown,
  IconCircleCheck,
  IconPlayerPause,
  IconPlayerStop,
  IconPlugConnectedX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Scheduler } from "@/api/types";

type SchedulerStatus =
  "running" | "paused" | "draining" | "stopping" | "finished" | "asked" | "shutdown" | "died" | "unreadable";

export function statusOf(one: Scheduler): SchedulerStatus {
  if (one.unreadable || !one.state) return "unreadable";
  return one.ended ?? one.state.status;
}

const ICONS = {
  paused: { Icon: IconPlayerPause, color: "var(--gl-t2)" },
  draining: { Icon: IconArrowBarToDown, color: "var(--gl-t2)" },
  stopping: { Icon: IconPlayerStop, color: "var(--gl-t2)" },
  finished: { Icon: IconCircleCheck, color: "var(--gl-t2)" },
  asked: { Icon: IconPlayerStop, color: "var(--gl-t2)" },
  shutdown: { Icon: IconPlayerStop, color: "var(--gl-t2)" },
  died: { Icon: IconPlugConnectedX, color: "var(--gl-failed)" },
  unreadable: { Icon: IconAlertTriangle, color: "var(--gl-waiting)" },
};

export function SchedulerDot({ one, stale = false }: { one: Scheduler; stale?: boolean }) {
  const { t } = useTranslation();
  const status = stale ? "unreadable" : statusOf(one);
  if (status === "running")
    return (
      <svg width="14" height="14" role="img" aria-label={t("scheduler.running")} style={{ flex: "none" }}>
        <circle cx="7" cy="7" r="3.5" fill="var(--gl-running)" />
      </svg>
    );
  const { Icon, color } = ICONS[status];
  const said = t(`scheduler.${status}`);
  return <Icon size={14} stroke={1.75} color={color} role="img" aria-label={said} style={{ flex: "none" }} />;
}
