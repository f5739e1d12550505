/** How a card stands, in one line: icon and word where it is a state. */
import { Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconHourglass } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useKnown } from "@/api/live";
import type { Card } from "@/api/types";
import { absolute, clock } from "@/format/time";
import { shortName } from "@/parts/schedulers";
import { StateIcon } from "@/parts/TaskState";
import type { Standing } from "./standing";
import { useUsers } from "./users";
import css from "./StandingLine.module.css";

export function StandingLine({ standing }: { standing: Standing }) {
  const { t } = useTranslation();
  const users = useUsers();
  switch (standing.kind) {
    case "tasks":
      return <Tasks tasks={standing.tasks} />;
    case "lost":
    case "unreadable":
      return (
        <Line tone="failed" icon={<IconAlertTriangle size={14} stroke={1.75} aria-hidden />}>
          {t(`gpu.standing.${standing.kind}`)}
        </Line>
      );
    case "aside":
      return (
        <Line tone="waiting" icon={<IconHourglass size={14} stroke={1.75} aria-hidden />}>
          {t("gpu.standing.aside", { at: clock(standing.until) })}
        </Line>
      );
    case "off":
      return (
        <Line tip={absolute(standing.since)}>{t("gpu.standing.off", { at: clock(standing.since) })}</Line>
      );
    case "used":
    case "leased":
      return <Line>{t(`gpu.standing.${standing.kind}`, { users: users(standing.users) })}</Line>;
    default:
      return <Line>{t(`gpu.standing.${standing.kind}`)}</Line>;
  }
}

function Line(props: { icon?: ReactNode; tone?: "failed" | "waiting"; tip?: string; children: string }) {
  const { icon, tone, tip, children } = props;
  return (
    <Tooltip label={tip ?? children}>
      <span className={`t2 ${css.line}`} style={tone && { color: `var(--gl-${tone})` }}>
        {icon}
        <span className="cut">{children}</span>
      </span>
    </Tooltip>
  );
}

const MOST = 2;

function Tasks({ tasks }: { tasks: Card["tasks"] }) {
  const { t } = useTranslation();
  const { schedulers } = useKnown();
  const left = tasks.length - MOST;
  return (
    <span className={css.tasks}>
      <StateIcon state="running" />
      {tasks.slice(0, MOST).map((task) => {
        const one = schedulers.find((each) => each.pid === task.scheduler);
        const queue = task.task.slice(0, task.task.indexOf("/"));
        const to = one ? `?scheduler=${one.id}&open=${encodeURIComponent(`${one.id}:${queue}`)}` : "";
        const tip = [one && shortName(one, t), task.name].filter(Boolean).join(" · ");
        return (
          <Tooltip key={`${task.scheduler} ${task.key}`} label={tip} disabled={!tip}>
            <Link to={`/ui/state${to}`} className={css.task}>
              {task.task}
            </Link>
          </Tooltip>
        );
      })}
      {left > 0 && <span className="t3">{t("gpu.standing.moreTasks", { count: left })}</span>}
    </span>
  );
}
