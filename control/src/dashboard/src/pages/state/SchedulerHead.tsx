/** The head of a scheduler's card: what it is, how it does, what can be done with it. */
import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconArrowBarToDown,
  IconDots,
  IconEyeOff,
  IconPlayerPause,
  IconPlayerPlayFilled,
  IconSquare,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Scheduler, Status } from "@/api/types";
import { clockSeconds, duration } from "@/format/time";
import { useSecond } from "@/parts/now";
import { SchedulerDot, statusOf } from "@/parts/SchedulerState";
import { fileName, longName, staleFor } from "@/parts/schedulers";
import { StateIcon } from "@/parts/TaskState";
import { useVerbs, type SchedulerVerb } from "@/parts/verbs";
import { Why } from "@/parts/Why";
import { countsOfOne } from "@/shell/counts";
import css from "./State.module.css";

const ICONS: Record<SchedulerVerb, typeof IconDots> = {
  pause: IconPlayerPause,
  resume: IconPlayerPlayFilled,
  drain: IconArrowBarToDown,
  stop: IconSquare,
  revive: IconPlayerPlayFilled,
  dismiss: IconEyeOff,
};
const COUNTED: Status[] = [
  "completed",
  "running",
  "waiting",
  "backoff",
  "held",
  "pending",
  "skipped",
  "cancelled",
  "failed",
];

export function SchedulerHead({ one }: { one: Scheduler }) {
  const { t } = useTranslation();
  const now = useSecond();
  const stale = staleFor(one, now) !== null;
  const bare = !one.state?.queues.length && !one.state?.problems.length;
  return (
    <div className={`${css.row} ${css.scheduler} ${bare ? css.last : ""}`} role="row">
      <div role="cell" className={css.schedulerName}>
        <SchedulerDot one={one} stale={stale} />
        <b className={css.schedulerTitle}>{longName(one, t)}</b>
        {one.state && <code className={`t2 ${css.wide}`}>{fileName(one.state.command_file)}</code>}
        <span className={`t3 ${css.wide} ${css.pid}`}>pid {one.pid}</span>
        <How one={one} now={now} stale={stale} />
      </div>
      <div role="cell" className={css.schedulerSide}>
        <Counts one={one} />
        <Actions one={one} />
      </div>
    </div>
  );
}

/** How long it has run, or since when it does not. */
function How({ one, now, stale }: { one: Scheduler; now: number; stale: boolean }) {
  const { t } = useTranslation();
  const status = statusOf(one);
  if (!one.state) return <span className="t2">{one.unreadable ?? t("scheduler.unreadable")}</span>;
  const silent = duration(now - one.state.updated_at);
  if (status === "died")
    return <span style={{ color: "var(--gl-failed)" }}>{t("scheduler.diedAgo", { ago: silent })}</span>;
  if (stale)
    return <span className="t2">{t("scheduler.stale", { at: clockSeconds(one.state.updated_at) })}</span>;
  const up = t("scheduler.up", { time: duration(now - one.state.started_at) });
  return <span className={`t2 ${css.wide}`}>{status === "running" ? up : t(`scheduler.${status}`)}</span>;
}

function Counts({ one }: { one: Scheduler }) {
  const { t } = useTranslation();
  const counts = countsOfOne(one);
  return (
    <span className={css.counts}>
      {COUNTED.filter((state) => counts[state]).map((state) => (
        <Tooltip key={state} label={t(`states.${state}`)}>
          <span className={css.countOf}>
            <StateIcon state={state} />
            <span aria-hidden>{counts[state]}</span>
            <span className="hidden-words">{`${counts[state] ?? 0} ${t(`counted.${state}`)}`}</span>
          </span>
        </Tooltip>
      ))}
    </span>
  );
}

function Actions({ one }: { one: Scheduler }) {
  const { t } = useTranslation();
  const verbs = useVerbs().ofScheduler(one);
  return (
    <>
      <span className={css.buttons}>
        {verbs.map(({ name, label, effect, whyNot, act }) => {
          const Icon = ICONS[name];
          const strong = name === "revive" || name === "resume";
          return (
            <Why key={name} not={whyNot} effect={effect}>
              <Button
                variant={strong ? "default" : "subtle"}
                leftSection={name === "dismiss" ? undefined : <Icon size={14} stroke={1.75} />}
                onClick={act}
              >
                {label}
              </Button>
            </Why>
          );
        })}
      </span>
      <Menu>
        <Menu.Target>
          <ActionIcon className={css.menuOnly} aria-label={t("verbs.more")}>
            <IconDots size={16} stroke={1.75} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {verbs.map(({ name, label, whyNot, act }) => (
            <Menu.Item key={name} h={36} disabled={whyNot !== undefined} onClick={act}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
