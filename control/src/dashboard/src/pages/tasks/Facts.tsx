/** What a task asks for, and when and how it ran, as pairs of a word and a value. */
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { TaskDetail } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { Moment } from "@/parts/Moment";
import css from "./Tasks.module.css";

export function Facts({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  return (
    <dl className={css.facts}>
      {factsOf(task, t).map(([word, value]) => (
        <div key={word} className={css.fact}>
          <dt className="t3">{word}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function factsOf(task: TaskDetail, t: TFunction): [string, ReactNode][] {
  const env = Object.entries(task.env);
  const all: [string, ReactNode][] = [
    [t("tasks.task"), task.task],
    [t("tasks.created"), <At key="created" at={task.created_at} />],
    [t("tasks.started"), <At key="started" at={task.started_at} />],
    [t("tasks.ended"), <At key="ended" at={task.finished_at} />],
    [t("tasks.gpus"), gpus(task, t)],
    [t("tasks.memory"), memory(task, t)],
    [t("tasks.exit"), task.exit_code],
    [t("tasks.folder"), task.cwd && <code className={css.path}>{task.cwd}</code>],
    [t("tasks.limit"), task.timeout],
    [t("tasks.retries"), task.retries],
    [t("tasks.priority"), task.priority || null],
    [t("tasks.only"), task.devices],
    [t("tasks.tmux"), task.tmux_session && <code>{`tmux -L ${task.tmux_session} attach`}</code>],
    [t("tasks.scheduler"), scheduler(task, t)],
    [
      t("tasks.variables"),
      env.length > 0 && (
        <code className={css.path}>{env.map(([name, value]) => `${name}=${value}`).join("\n")}</code>
      ),
    ],
  ];
  return all.filter(([, value]) => value !== null && value !== false);
}

function At({ at }: { at: number | null }) {
  if (at === null) return <span className="t3">–</span>;
  return <Moment at={at} />;
}

function gpus(task: TaskDetail, t: TFunction): string {
  return task.gpu_count ? `${task.gpu_count} · ${task.gpu_type ?? t("tasks.any")}` : t("tasks.cpu");
}

function memory(task: TaskDetail, t: TFunction): ReactNode {
  if (!task.gpu_count) return null;
  const peak = peakOf(task);
  const declared = task.memory_gb === null ? t("tasks.wholeCard") : `${gb(task.memory_gb)} GB`;
  return (
    <>
      {peak === null ? "–" : measuredGb(peak)} <span className="t3">/ {declared}</span>
    </>
  );
}

function scheduler(task: TaskDetail, t: TFunction): ReactNode {
  const what = task.scheduler === null ? t("tasks.notRunning") : `pid ${task.scheduler}`;
  return task.simulated ? (
    <>
      {what} <span className="t3">· {t("tasks.simulated")}</span>
    </>
  ) : (
    what
  );
}

/** The most that any attempt was seen to use. */
export function peakOf(task: TaskDetail): number | null {
  const seen = task.attempts.flatMap((one) => one.peak_memory_gb ?? []);
  return seen.length ? Math.max(...seen) : null;
}
