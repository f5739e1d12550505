/** A submitted task in the list. */
import { Tooltip } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Task, TaskSummary } from "@/api/types";
import { clock } from "@/format/time";
import { Moment } from "@/parts/Moment";
import { GpuChips } from "@/parts/GpuChips";
import { useSecond } from "@/parts/now";
import { SortHead, type Sorting } from "@/parts/SortHead";
import { TaskState } from "@/parts/TaskState";
import { memoryOf, reasonOf, tookOf } from "./said";
import type { Say } from "./Tasks";
import css from "./Tasks.module.css";

export function Heads({ sorting }: { sorting: Sorting }) {
  const { t } = useTranslation();
  const sort = { sorting, isSpan: true };
  return (
    <div className={`${css.row} ${css.heads} t3`} role="row">
      <SortHead by="id" label={t("tasks.id")} {...sort} />
      <span role="columnheader">{t("tasks.name")}</span>
      <span role="columnheader">{t("tasks.task")}</span>
      <span role="columnheader">{t("tasks.state")}</span>
      <span role="columnheader" className={css.where}>
        {t("tasks.where")}
      </span>
      <span role="columnheader">{t("tasks.gpuType")}</span>
      <span role="columnheader" className="number">
        {t("tasks.gpus")}
      </span>
      <SortHead by="memory" label={t("tasks.memory")} isNumber {...sort} />
      <SortHead by="created" label={t("tasks.created")} isNumber {...sort} />
      <SortHead by="took" label={t("tasks.took")} isNumber {...sort} />
    </div>
  );
}

interface Props {
  task: TaskSummary;
  live: Task | undefined;
  isChosen: boolean;
  choose: Say;
}

export const TaskRow = memo(function TaskRow({ task, live, isChosen, choose }: Props) {
  const { t } = useTranslation();
  const name = task.name ?? "";
  const open = () => choose({ task: String(task.id), new: "", copy: "" });
  return (
    // Keys have the button for it.
    <div
      onClick={({ target }) => {
        if (!(target as Element).closest("a, button")) open();
      }}
      className={`${css.row} ${css.task}`}
      role="row"
      data-task={task.id}
      data-chosen={isChosen || undefined}
    >
      <span role="cell" className={`t3 ${css.id}`}>
        {task.id}
      </span>
      <span role="cell" className={css.name}>
        <button
          type="button"
          className={`plain cut strong ${css.open}`}
          aria-current={isChosen || undefined}
          aria-label={`${task.id} ${name}`.trim()}
          title={name}
          onClick={open}
        >
          {name || <span className="t3">–</span>}
        </button>
      </span>
      <span role="cell" className={`t2 ${css.label}`}>
        {task.task}
      </span>
      <span role="cell" className={css.state}>
        <TaskState state={task.state} />
      </span>
      <Where task={task} live={live} />
      <span role="cell" className={`cut ${task.gpu_type ? "t2" : "t3"} ${css.type}`}>
        {task.gpu_count ? (task.gpu_type ?? t("tasks.any")) : t("tasks.cpu")}
      </span>
      <span role="cell" className={`number ${css.gpus}`}>
        {task.gpu_count}
      </span>
      <span role="cell" className={`number ${css.memory}`}>
        {memoryOf(task, t)}
      </span>
      <span role="cell" className={`number t2 ${css.created}`}>
        <Moment at={task.created_at} />
      </span>
      <Took task={task} live={live} />
    </div>
  );
});

function Where({ task, live }: { task: TaskSummary; live: Task | undefined }) {
  const { t } = useTranslation();
  const why = reasonOf(task, live, t);
  const ends = task.state === "running" ? task.estimate?.end : null;
  return (
    <span role="cell" className={css.where}>
      {task.state !== "failed" && <GpuChips ids={task.assigned_gpus} />}
      {why && (
        <Tooltip label={why} disabled={why.length < 40}>
          <span className="cut">{why}</span>
        </Tooltip>
      )}
      {ends && <span className="t3 cut">{t("tasks.endsAbout", { at: clock(ends) })}</span>}
    </span>
  );
}

function Took({ task, live }: { task: TaskSummary; live: Task | undefined }) {
  const { t } = useTranslation();
  return (
    <span role="cell" className={`number ${css.took}`}>
      {task.state === "running" || live?.state.status === "backoff" ? (
        <Ticking task={task} live={live} />
      ) : (
        <span className={task.finished_at === null ? "t3" : "t2"}>{tookOf(task, live, 0, t)}</span>
      )}
    </span>
  );
}

/** Apart, so that only what counts seconds is drawn each second. */
function Ticking({ task, live }: { task: TaskSummary; live: Task | undefined }) {
  const { t } = useTranslation();
  return tookOf(task, live, useSecond(), t);
}
