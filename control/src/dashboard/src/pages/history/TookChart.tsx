/** How long attempts ran: a row a queue, a dot an attempt, a line the median. A row filters by its queue. */
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { duration } from "@/format/time";
import type { Lane } from "./attempts";
import { Axis, Chart } from "./Chart";
import { mark, queueName, shortFile } from "./names";
import { marks } from "./scale";
import css from "./Charts.module.css";

interface Props {
  lanes: readonly Lane[];
  chosen: string;
  choose: (key: string) => void;
}

export function TookChart({ lanes, chosen, choose }: Props) {
  const { t } = useTranslation();
  const at = marks(Math.max(0, ...lanes.flatMap((lane) => lane.seconds)), "time");
  const most = at.at(-1) ?? 1;
  return (
    <Chart
      title={t("history.took")}
      how={t("history.tookHow")}
      empty={lanes.length ? undefined : t("history.nothingYet")}
    >
      <div className={css.rows}>
        <Axis at={at} label={(value) => mark(value, at[1])} />
        {lanes.map((lane) => {
          const name = queueName(lane.queue, lane.name, t);
          const attempts = t("history.attempts", { count: lane.seconds.length });
          const said = t("history.tookLane", { queue: name, attempts, median: duration(lane.median) });
          return (
            <Tooltip key={lane.key} label={`${shortFile(lane.file, t)} · ${said}`}>
              <button
                type="button"
                className={`plain ${css.lane}`}
                aria-label={said}
                aria-pressed={chosen === lane.key}
                onClick={() => choose(lane.key)}
              >
                <span className={`cut ${css.name}`}>{name}</span>
                <span className={css.track}>
                  {lane.seconds.map((seconds, index) => (
                    <span key={index} className={css.dot} style={{ left: `${(100 * seconds) / most}%` }} />
                  ))}
                  <span className={css.median} style={{ left: `${(100 * lane.median) / most}%` }} />
                </span>
              </button>
            </Tooltip>
          );
        })}
      </div>
    </Chart>
  );
}
