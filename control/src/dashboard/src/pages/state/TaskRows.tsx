/** Rows of queues and of tasks: the answer stands in the row. */
import { ActionIcon, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconChevronDown,
  IconChevronRight,
  IconDots,
  IconFileText,
  IconPlayerPlayFilled,
  IconRefresh,
} from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { SchedulerProblem, Task } from "@/api/types";
import { QueueCells } from "@/parts/QueueCells";
import { TaskState } from "@/parts/TaskState";
import { useVerbs } from "@/parts/verbs";
import { problemText } from "@/words/problems";
import type { Row } from "./filter";
import { rowId } from "./rowKeys";
import { useLogOfRow, useRowMenu, type Standing } from "./RowMenu";
import { MemoryCell, TimeCell, WhereCell } from "./cells";
import css from "./State.module.css";

type Of<K extends Row["kind"]> = Extract<Row, { kind: K }>;

export function Heads() {
  const { t } = useTranslation();
  return (
    <div className={`${css.row} ${css.heads} t3`} role="row">
      <span role="columnheader">{t("state.queue")}</span>
      <span role="columnheader">{t("state.task")}</span>
      <span role="columnheader">{t("state.state")}</span>
      <span role="columnheader">{t("state.where")}</span>
      <span role="columnheader" className={css.memory}>
        {t("state.memory")}
      </span>
      <span role="columnheader" className="number">
        {t("state.time")}
      </span>
      <span role="columnheader">
        <span className="hidden-words">{t("verbs.more")}</span>
      </span>
    </div>
  );
}

export const QueueRow = memo(function QueueRow({
  row,
  toggle,
}: {
  row: Of<"queue">;
  toggle: (id: string) => void;
}) {
  const { t } = useTranslation();
  const { queue, task, isOpen, one } = row;
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  const name = `${t("state.queue")} ${queue.queue_id} ${queue.queue_name ?? ""}`.trim();
  return (
    <div
      className={`${css.row} ${css.queue} ${row.last ? css.last : ""}`}
      role="row"
      id={rowId(row)}
      tabIndex={-1}
    >
      <div role="cell" className={css.queueCell} data-long={isLong(queue.queue_name ?? "") || undefined}>
        <button
          type="button"
          className={`plain ${css.queueName}`}
          aria-expanded={isOpen}
          aria-label={t("state.expand", { queue: `${queue.queue_id} ${queue.queue_name ?? ""}`.trim() })}
          onClick={() => {
            toggle(row.id);
          }}
        >
          <Chevron size={14} stroke={1.75} color="var(--gl-t3)" />
          <span className="strong">{queue.queue_id}</span>
          <span className="t2 cut" title={queue.queue_name ?? undefined}>
            {queue.queue_name}
          </span>
        </button>
        <span className={css.strip}>
          <QueueCells queue={queue} name={name} />
        </span>
        <span className={`t3 number ${css.progress}`}>
          {t("ofTotal", { done: queue.counts.completed ?? 0, total: queue.total })}
        </span>
      </div>
      {task && <TaskCells one={one} queue={queue} task={task} />}
    </div>
  );
});

/** A name that does not fit beside its strip stands above it. Chinese letters are twice as wide. */
function isLong(name: string): boolean {
  const wide = name.match(/[\u2e80-\uffff]/g)?.length ?? 0;
  return name.length + wide > FITS_BESIDE;
}

const FITS_BESIDE = 7;

export const TaskRow = memo(function TaskRow({ row }: { row: Of<"task"> }) {
  return (
    <div
      className={`${css.row} ${css.task} ${row.last ? css.last : ""}`}
      role="row"
      id={rowId(row)}
      tabIndex={-1}
    >
      <span role="cell" />
      <TaskCells one={row.one} queue={row.queue} task={row.task} small />
    </div>
  );
});

/** What its user should know of a scheduler, and stops no single task. */
export function ProblemRow({ problem, last }: { problem: SchedulerProblem; last: boolean }) {
  const text = problemText(problem);
  return (
    <div className={`${css.row} ${css.problem} ${last ? css.last : ""}`} role="row">
      <IconAlertTriangle size={14} stroke={1.75} color="var(--gl-waiting)" aria-hidden />
      <Tooltip label={text} multiline maw={560}>
        <span role="cell" className={css.problemText}>
          {text}
        </span>
      </Tooltip>
    </div>
  );
}

export function MoreRow({ count, last }: { count: number; last: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={`${css.row} ${last ? css.last : ""} t3`} role="row">
      <span role="cell">{t("state.more", { count })}</span>
    </div>
  );
}

interface Cells extends Standing {
  small?: boolean;
}

function TaskCells({ one, queue, task, small }: Cells) {
  return (
    <>
      <div role="cell" className={`${css.name} ${small ? "cut" : "clamp2"}`}>
        <span className="strong">
          {queue.queue_id}/{task.index}
        </span>{" "}
        <span className={small ? "t3" : "t2"} title={task.name ?? task.commands}>
          {task.name ?? ""}
        </span>
      </div>
      <div role="cell" className={css.state}>
        <TaskState state={task.state.status} detail={<Detail task={task} />} pale={one.alive === null} />
      </div>
      <WhereCell one={one} queue={queue} task={task} small={small} />
      <MemoryCell task={task} small={small} />
      <TimeCell task={task} small={small} />
      <Actions one={one} queue={queue} task={task} />
    </>
  );
}

/** "3 of 9" retries, "try 2". */
function Detail({ task }: { task: Task }) {
  const { t } = useTranslation();
  const { state } = task;
  if (state.status === "backoff")
    return state.of === null
      ? t("state.nth", { number: state.retry })
      : t("state.of", { retry: state.retry, of: state.of });
  if (state.status === "running" && state.attempt > 1) return t("state.nth", { number: state.attempt });
  return null;
}

function Actions({ one, queue, task }: Standing) {
  const { t } = useTranslation();
  const open = useRowMenu();
  const log = useLogOfRow()(one, task);
  const { status } = task.state;
  return (
    <div role="cell" className={css.actions}>
      {one.alive === true && (status === "held" || status === "failed") ? (
        <Likely one={one} queue={queue} task={task} />
      ) : (
        log && (
          <ActionIcon component={Link} to={log} aria-label={t("verbs.log")} title={t("verbs.log")}>
            <IconFileText size={14} stroke={1.75} />
          </ActionIcon>
        )
      )}
      <ActionIcon
        aria-label={t("verbs.more")}
        aria-haspopup="menu"
        onClick={(event) => open(event.currentTarget, { one, queue, task })}
      >
        <IconDots size={14} stroke={1.75} />
      </ActionIcon>
    </div>
  );
}

/** What somebody who sees it most likely wants. */
function Likely({ one, queue, task }: Standing) {
  const name = task.state.status === "held" ? "release" : "retry";
  const verb = useVerbs()
    .ofTask({ pid: one.pid, queue: queue.queue_id, task })
    .find((each) => each.name === name);
  if (!verb) return null;
  return (
    <Tooltip label={verb.whyNot ?? verb.effect}>
      <ActionIcon aria-label={verb.label} disabled={verb.whyNot !== undefined} onClick={verb.act}>
        {name === "release" ? <IconPlayerPlayFilled size={14} /> : <IconRefresh size={14} stroke={1.75} />}
      </ActionIcon>
    </Tooltip>
  );
}
