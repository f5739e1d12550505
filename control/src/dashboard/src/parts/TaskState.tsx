/** A task's state: icon and word, the colour helps. */
import {
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconHandStop,
  IconHourglass,
  IconPlayerPlayFilled,
  IconPlayerSkipForward,
  IconRotateClockwise,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import css from "./TaskState.module.css";

const ICONS = {
  held: IconHandStop,
  pending: IconCircleDashed,
  waiting: IconHourglass,
  running: IconPlayerPlayFilled,
  backoff: IconRotateClockwise,
  completed: IconCircleCheck,
  failed: IconCircleX,
  cancelled: IconBan,
  skipped: IconPlayerSkipForward,
} satisfies Record<Status, unknown>;

/** Those that want no attention. */
const QUIET: ReadonlySet<Status> = new Set<Status>(["completed", "pending", "cancelled", "skipped"]);

export function StateIcon({ state, size = 14 }: { state: Status; size?: number }) {
  const Icon = ICONS[state];
  return <Icon size={size} stroke={1.75} color={`var(--gl-${state})`} aria-hidden className={css.icon} />;
}

/** `pale`: what it says may be out of date. */
export function TaskState({ state, detail, pale }: { state: Status; detail?: ReactNode; pale?: boolean }) {
  const { t } = useTranslation();
  const color = pale || state === "completed" ? "var(--gl-t2)" : `var(--gl-${state})`;
  return (
    <span className={css.state} style={pale ? { filter: "grayscale(1)" } : undefined}>
      <StateIcon state={state} />
      <span style={{ color, fontWeight: QUIET.has(state) ? 400 : 500 }}>{t(`states.${state}`)}</span>
      {detail !== undefined && <span className="t3">{detail}</span>}
    </span>
  );
}
