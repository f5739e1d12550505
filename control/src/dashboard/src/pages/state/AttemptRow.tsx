/** An earlier attempt of a task, that failed: where, why, and its log. */
import { ActionIcon } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { gb, measuredGb } from "@/format/memory";
import { absolute, duration } from "@/format/time";
import { GpuChips } from "@/parts/GpuChips";
import { TaskState } from "@/parts/TaskState";
import { errorOf } from "@/words/causes";
import { sentence } from "@/words/reasons";
import { logPage } from "@/shell/paths";
import type { Row } from "./filter";
import css from "./State.module.css";

export const AttemptRow = memo(function AttemptRow({ row }: { row: Extract<Row, { kind: "attempt" }> }) {
  const { t } = useTranslation();
  const { queue, task, attempt, last } = row;
  const why = sentence(errorOf(attempt.error ?? "", attempt.cause));
  return (
    <div className={`${css.row} ${css.task} ${last ? css.last : ""}`} role="row">
      <span role="cell" />
      <div role="cell" className={`${css.name} cut`}>
        <span className="t2">
          {queue.queue_id}/{task.index}
        </span>{" "}
        <span className="t3">{t("state.attempt", { number: attempt.attempt })}</span>
      </div>
      <div role="cell" className={css.state}>
        <TaskState state="failed" />
      </div>
      <div role="cell" className={css.where}>
        {attempt.gpu_ids.length > 0 && (
          <span className={css.chips}>
            <GpuChips ids={attempt.gpu_ids} />
          </span>
        )}
        <span className={`t3 cut ${css.why}`} title={why}>
          {why}
        </span>
      </div>
      <div role="cell" className={`${css.memory} cut`}>
        <Memory peak={attempt.peak_gb} asked={attempt.asked_gb} />
      </div>
      <div role="cell" className={`number ${css.time}`}>
        <span title={attempt.ended_at === null ? undefined : absolute(attempt.ended_at)}>
          {attempt.seconds === null ? "–" : duration(attempt.seconds)}
        </span>
      </div>
      <div role="cell" className={css.actions}>
        <ActionIcon
          component={Link}
          to={logPage(attempt.log_path)}
          aria-label={t("verbs.log")}
          title={t("verbs.log")}
        >
          <IconFileText size={14} stroke={1.75} />
        </ActionIcon>
        {/* As wide as a row that has a menu. */}
        <span className={css.noMenu} />
      </div>
    </div>
  );
});

/** GB, of each card. */
function Memory({ peak, asked }: { peak: number | null; asked: number | null }) {
  const wanted = asked === null ? "" : `${gb(asked)} GB`;
  if (peak === null) return <span className="t2">{wanted}</span>;
  return (
    <>
      {measuredGb(peak)} <span className="t3">{wanted ? `/ ${wanted}` : "GB"}</span>
    </>
  );
}
