/** One submitted task: how it is, what it asks for, its commands, its attempts and the end of its log. */
import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask, GET, Refused } from "@/api/client";
import type { TaskDetail } from "@/api/types";
import { measuredGb } from "@/format/memory";
import { clock, clockSeconds, duration } from "@/format/time";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { GpuChips } from "@/parts/GpuChips";
import { useSecond } from "@/parts/now";
import { TaskState } from "@/parts/TaskState";
import { errorOf } from "@/words/causes";
import { sentence } from "@/words/reasons";
import { logPage } from "@/shell/paths";
import { Actions } from "./Actions";
import { Facts } from "./Facts";
import { LIST, useLive } from "./list";
import { reasonOf, tookOf } from "./said";
import type { Say } from "./Tasks";
import css from "./Tasks.module.css";

const TAIL = 100;

export function Detail({ id, say }: { id: number; say: Say }) {
  const { t } = useTranslation();
  const query = useTaskDetail(id);
  const close = () => say({ task: "" });
  const task = query.data;
  const isUnknown = id === 0 || (query.error instanceof Refused && query.error.status === 404);
  return (
    <>
      <PaneHead
        title={task ? (task.name ?? task.task) : String(id)}
        second={task ? String(task.id) : ""}
        close={close}
      />
      <div className={css.paneBody}>
        {isUnknown ? (
          <Empty title={t("tasks.noneTitle")} text={t("tasks.notFound", { id: String(id) })} />
        ) : query.error && !task ? (
          <Failure error={query.error} again={() => void query.refetch()} />
        ) : task ? (
          <Whole task={task} />
        ) : (
          <Loading />
        )}
      </div>
      {task && <Actions task={task} say={say} />}
    </>
  );
}

export function useTaskDetail(id: number) {
  return useQuery({
    queryKey: [LIST, "one", id],
    // A cast, as openapi-fetch takes pairs for lists.
    queryFn: async () => (await ask(GET("/api/tasks/{id}", { params: { path: { id } } }))) as TaskDetail,
    enabled: id > 0,
  });
}

export function PaneHead(props: { title: string; second: string; close: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={css.paneHead}>
      <h2 className={`${css.paneTitle} cut`} title={props.title}>
        {props.title}
      </h2>
      <span className="t3 cut">{props.second}</span>
      <ActionIcon className={css.close ?? ""} aria-label={t("tasks.close")} onClick={props.close}>
        <IconX size={16} stroke={1.75} />
      </ActionIcon>
    </div>
  );
}

function Whole({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  const live = useLive()(task)?.task;
  const now = useSecond();
  const why = reasonOf(task, live, t);
  const took = tookOf(task, live, now, t);
  return (
    <>
      <div className={css.now}>
        <TaskState state={task.state} detail={took === "–" ? undefined : took} />
        <GpuChips ids={task.assigned_gpus} />
        {task.estimate?.start && (
          <span className="t3">{t("tasks.startsAbout", { at: clock(task.estimate.start) })}</span>
        )}
        {task.estimate?.end && task.state === "running" && (
          <span className="t3">{t("tasks.endsAbout", { at: clock(task.estimate.end) })}</span>
        )}
      </div>
      {why && <p className={css.why}>{why}</p>}
      <Facts task={task} />
      <Section title={t("tasks.commands")}>
        <pre className={css.script} tabIndex={0} aria-label={t("tasks.commands")}>
          {task.command}
        </pre>
      </Section>
      {task.attempts.length > 1 && <Attempts task={task} />}
      <Tail task={task} />
    </>
  );
}

function Section({ title, second, children }: { title: string; second?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.section}>
      <h3 className={css.sectionHead}>
        {title} {second && <span className="t3">{second}</span>}
      </h3>
      {children}
    </section>
  );
}

function Attempts({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  return (
    <Section title={t("tasks.attempts")} second={task.attempts.length}>
      <ul className={css.attempts}>
        {[...task.attempts].reverse().map((one) => (
          <li key={one.attempt} className={css.attempt}>
            <Link to={logPage(one.log_path)} className={css.attemptNumber}>
              {one.attempt}
            </Link>
            <span className="t2">{clockSeconds(one.started_at)}</span>
            <GpuChips ids={one.gpu_ids} />
            <span className="t2 cut">
              {one.error === null ? "" : sentence(errorOf(one.error, one.cause))}
            </span>
            <span className="number t2">
              {one.peak_memory_gb !== null && `${measuredGb(one.peak_memory_gb)} GB · `}
              {one.ended_at === null ? "" : duration(one.ended_at - one.started_at)}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Tail({ task }: { task: TaskDetail }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: [LIST, "log", task.id],
    queryFn: () =>
      ask(GET("/api/tasks/{id}/logs", { params: { path: { id: task.id }, query: { tail: TAIL } } })),
    enabled: task.log_path !== null,
    refetchInterval: task.state === "running" ? 3_000 : false,
    placeholderData: keepPreviousData,
  });
  const box = useRef<HTMLPreElement>(null);
  const lines = query.data?.lines ?? [];
  const end = lines.at(-1);
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, end]);
  const second = query.data?.truncated ? t("tasks.lastLines", { count: lines.length }) : "";
  return (
    <Section
      title={t("tasks.log")}
      second={
        task.log_path && (
          <>
            {second}
            <Link to={logPage(task.log_path)} className={css.openLog}>
              {t("tasks.openLog")}
            </Link>
          </>
        )
      }
    >
      {task.log_path === null ? (
        <p className="t3">{t("tasks.noLog")}</p>
      ) : query.error && !query.data ? (
        <Failure error={query.error} again={() => void query.refetch()} />
      ) : query.data && !lines.length ? (
        <p className="t3">{t("tasks.emptyLog")}</p>
      ) : (
        <pre ref={box} className={`${css.script} ${css.log}`} tabIndex={0} aria-label={t("tasks.log")}>
          {lines.map(plain).join("\n")}
        </pre>
      )}
    </Section>
  );
}

/** Without colours and what else steers a terminal; the log's own page shows them. Of a progress bar its last. */
function plain(line: string): string {
  const bare = line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replace(/\r+$/, "");
  return bare.slice(bare.lastIndexOf("\r") + 1);
}
