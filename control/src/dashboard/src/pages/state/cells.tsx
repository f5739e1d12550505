/** Where a task runs or why it does not, how much memory it has, and since when. */
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Queue, Scheduler, Task } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { absolute, clock, duration } from "@/format/time";
import { Countdown } from "@/parts/Countdown";
import { GpuChips } from "@/parts/GpuChips";
import { MemoryBar } from "@/parts/MemoryBar";
import { useMoment } from "@/parts/Moment";
import { useSecond } from "@/parts/now";
import { isSubmitted } from "@/parts/schedulers";
import { words } from "@/words";
import { apart } from "@/words/apart";
import { becauseOf, errorOf } from "@/words/causes";
import { sentence, waitsBecause } from "@/words/reasons";
import { headOf } from "./filter";
import css from "./State.module.css";

interface WhereProps {
  one: Scheduler;
  queue: Queue;
  task: Task;
  small?: boolean | undefined;
}

export function WhereCell({ one, queue, task, small }: WhereProps) {
  const { t } = useTranslation();
  const { state } = task;
  const gpus = "gpu_ids" in state ? state.gpu_ids : [];
  const why = whyOf(one, queue, task, t);
  const isReason = ["waiting", "backoff", "failed", "held"].includes(state.status);
  return (
    <div role="cell" className={css.where}>
      {state.status !== "failed" && gpus.length > 0 && (
        <span className={css.chips}>
          <GpuChips ids={gpus} />
        </span>
      )}
      {/* No tooltip of ours: while thousands of rows are scrolled by, those are most of the work. */}
      <span className={`${isReason ? "" : "t3"} ${small ? "cut" : "clamp2"} ${css.why}`} title={why}>
        {why}
      </span>
    </div>
  );
}

/** One sentence, or a few words. */
export function whyOf(one: Scheduler, queue: Queue, task: Task, t: TFunction): string {
  const { state } = task;
  switch (state.status) {
    case "running":
      if (one.left) return t(isLeft(one, queue, task) ? "state.runsOn" : "state.endedUnseen");
      if (!task.in_file) return t("state.gone");
      return task.estimate?.end ? t("state.endsAbout", { at: clock(task.estimate.end) }) : "";
    case "waiting":
      return waitsBecause(state);
    case "backoff":
      return sentence(errorOf(state.error, state.cause));
    case "failed":
      return failed(sentence(errorOf(state.error, state.cause)), queue.counts.skipped ?? 0, t);
    case "held":
      return state.by === "file"
        ? t(one.state && isSubmitted(one.state.command_file) ? "tasks.heldAsSubmitted" : "state.heldByFile")
        : `${t("state.heldBy", { who: holder(state.by, one, t), at: clock(state.since) })} ${t("state.releaseIt")}`.trim();
    case "completed":
      return t("state.exit", { code: state.exit_code });
    case "cancelled":
      return t("state.cancelledBy", { who: holder(state.by, one, t) });
    case "skipped":
      return sentence(becauseOf(state));
    default:
      return behind(queue, task, t);
  }
}

/** It runs on, though its scheduler is gone. */
function isLeft({ left }: Scheduler, queue: Queue, task: Task): boolean {
  return left?.running.includes(`${queue.queue_id}/${task.index}`) ?? false;
}

function failed(error: string, count: number, t: TFunction): string {
  return count ? t("state.failedWith", { error, count }) : error;
}

function holder(by: string, one: Scheduler, t: TFunction): string {
  if (by === "fuse") return t("state.fuse");
  if (by === one.state?.user) return t("state.you");
  return words.language === "zh" ? apart(by) : by;
}

function behind(queue: Queue, task: Task, t: TFunction): string {
  const head = headOf(queue);
  return head && head.key !== task.key ? t("state.behind", { task: `${queue.queue_id}/${head.index}` }) : "";
}

export function MemoryCell({ task, small }: { task: Task; small?: boolean | undefined }) {
  const { t } = useTranslation();
  const { state } = task;
  const asked = (state.status === "running" ? state.memory_gb : null) ?? task.memory_gb;
  const used =
    state.status === "running" ? state.used_gb : "peak_memory_gb" in state ? state.peak_memory_gb : null;
  const declared =
    asked !== null
      ? `${gb(asked)} GB`
      : task.gpu_count > 1
        ? t("state.wholeCards", { count: task.gpu_count })
        : t("state.wholeCard");
  const times = asked !== null && task.gpu_count > 1 ? `${task.gpu_count} × ` : "";
  if (!task.gpu_count)
    return (
      <div role="cell" className={`t3 ${css.memory}`}>
        –
      </div>
    );
  return (
    <div role="cell" className={css.memory}>
      <div className="cut">
        {used == null ? (
          <span className="t2">
            {times}
            {declared}
          </span>
        ) : (
          <>
            {times}
            {measuredGb(used)} <span className="t3">/ {declared}</span>
          </>
        )}
      </div>
      {state.status === "running" && !small && asked !== null && (
        <MemoryBar
          thin
          total={asked}
          parts={{
            own: used ?? 0,
            promised: Math.max(0, asked - (used ?? 0)),
            strays: 0,
            leases: 0,
            people: 0,
          }}
          said={`${measuredGb(used ?? 0)} / ${declared}`}
        />
      )}
    </div>
  );
}

export function TimeCell({ task, small }: { task: Task; small?: boolean | undefined }) {
  const { t } = useTranslation();
  const { state } = task;
  const { first, second, at } = timesOf(task, t);
  return (
    <div role="cell" className={`number ${css.time}`}>
      {state.status === "backoff" ? (
        <Countdown until={state.until} whole={60} />
      ) : (
        <span title={at === null ? undefined : absolute(at)}>
          {state.status === "running" || state.status === "waiting" ? <Since at={state.since} /> : first}
        </span>
      )}
      {!small && second && <div className={`t3 ${css.second}`}>{second}</div>}
    </div>
  );
}

/** Only what counts is drawn each second. */
function Since({ at }: { at: number }) {
  return duration(useSecond() - at);
}

function Ended({ at }: { at: number }) {
  const { t } = useTranslation();
  return t("state.ended", { at: useMoment(at) });
}

interface Times {
  first: string;
  second: ReactNode;
  at: number | null;
}

function timesOf(task: Task, t: TFunction): Times {
  const { state, estimate } = task;
  switch (state.status) {
    case "running":
      return { first: "", second: t("state.since", { at: clock(state.since) }), at: state.since };
    case "waiting": {
      const start = estimate?.start ?? null;
      const second = start === null ? t("state.startUnknown") : t("state.startsAbout", { at: clock(start) });
      return { first: "", second, at: state.since };
    }
    case "backoff":
      return { first: "", second: t("state.untilRetry"), at: state.until };
    case "completed":
    case "failed": {
      const ended = <Ended at={state.ended_at} />;
      return { first: duration(state.ended_at - state.started_at), second: ended, at: state.ended_at };
    }
    case "pending": {
      const start = estimate?.start ?? null;
      return {
        first: "–",
        second: start === null ? "" : t("state.startsAbout", { at: clock(start) }),
        at: null,
      };
    }
    default:
      return { first: "–", second: "", at: null };
  }
}
