/** The latest logs, usually of failed tasks first, then the newest; and what schedulers themselves have said. */
import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask, GET } from "@/api/client";
import type { LogAttempt, SchedulerLog } from "@/api/types";
import { size } from "@/format/size";
import { Moment } from "@/parts/Moment";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { useParameters } from "@/parts/parameters";
import { fileName } from "@/parts/schedulers";
import { SearchInput } from "@/parts/SearchInput";
import { SortHead, type Sorting } from "@/parts/SortHead";
import { TaskState } from "@/parts/TaskState";
import { errorOf } from "@/words/causes";
import { sentence } from "@/words/reasons";
import { logPage } from "@/shell/paths";
import { inOrder, orderOf, shownOf, STATES, taskOf, USUAL } from "./latest";
import css from "./LatestLogs.module.css";

const NAMES = ["state", "text", "sort"] as const;
const MOST = 200;
const AGAIN = 5_000;

export function LatestLogs() {
  const { t } = useTranslation();
  const [said, say] = useParameters(NAMES);
  const list = useQuery({
    queryKey: ["log-list"],
    queryFn: () => ask(GET("/api/log/list", { params: { query: { limit: MOST } } })),
    refetchInterval: AGAIN,
  });
  const { data } = list;
  const shown = data ? inOrder(shownOf(data.logs, said.state, said.text), said.sort) : [];
  const sorting = {
    said: orderOf(said.sort),
    usual: USUAL,
    say: (sort: string) => say({ sort: orderOf(sort) === USUAL ? "" : sort }),
  };
  return (
    <Page
      title={t("pages.logs")}
      facts={data && <Facts logs={data.logs} isUsual={sorting.said === USUAL} />}
      right={
        <>
          <SegmentedControl
            aria-label={t("logs.state")}
            value={(STATES as readonly string[]).includes(said.state) ? said.state : ""}
            onChange={(state) => say({ state })}
            data={[
              { value: "", label: t("logs.all") },
              ...STATES.map((state) => ({ value: state, label: t(`states.${state}`) })),
            ]}
          />
          <SearchInput label={t("logs.filter")} value={said.text} onChange={(text) => say({ text })} />
        </>
      }
    >
      {data ? (
        <>
          {shown.length ? (
            <Attempts logs={shown} sorting={sorting} />
          ) : (
            <Nothing isEmpty={!data.logs.length} showAll={() => say({ state: "", text: "" })} />
          )}
          {data.schedulers.length > 0 && <Schedulers logs={data.schedulers} />}
        </>
      ) : list.error ? (
        <Failure error={list.error} again={() => void list.refetch()} />
      ) : (
        <Loading rows={8} />
      )}
    </Page>
  );
}

/** `isUsual`: those of failed tasks are first, which is said. */
function Facts({ logs, isUsual }: { logs: readonly LogAttempt[]; isUsual: boolean }) {
  const { t } = useTranslation();
  const failed = logs.filter((one) => one.status === "failed").length;
  const all = t("logs.facts", { count: logs.length });
  if (!failed) return all;
  return t(isUsual ? "logs.factsFailed" : "logs.factsSorted", { logs: all, failed });
}

function Nothing({ isEmpty, showAll }: { isEmpty: boolean; showAll: () => void }) {
  const { t } = useTranslation();
  return isEmpty ? (
    <Empty
      title={t("logs.emptyTitle")}
      text={t("logs.emptyText")}
      action={
        <Button component={Link} to="/ui/command">
          {t("logs.toCommands")}
        </Button>
      }
    />
  ) : (
    <Empty
      title={t("logs.nothing")}
      text={t("logs.nothingText")}
      action={<Button onClick={showAll}>{t("logs.showAll")}</Button>}
    />
  );
}

function Attempts({ logs, sorting }: { logs: readonly LogAttempt[]; sorting: Sorting }) {
  const { t } = useTranslation();
  const sort = { sorting, isSpan: true };
  return (
    <div className={`card ${css.table}`} role="table" aria-label={t("pages.logs")}>
      <div className={`${css.row} ${css.heads} t3`} role="row">
        <SortHead by="failed" label={t("logs.state")} tip={t("logs.failedFirst")} isOther {...sort} />
        <span role="columnheader">{t("logs.task")}</span>
        <span role="columnheader">{t("logs.said")}</span>
        <span role="columnheader" className={`number ${css.side}`}>
          {t("logs.attempt")}
        </span>
        <SortHead by="size" label={t("logs.size")} isNumber className={css.side} {...sort} />
        <SortHead by="when" label={t("logs.when")} isNumber {...sort} />
      </div>
      {logs.map((one) => (
        <div key={one.log_path} role="row" className={css.row}>
          <span role="cell">
            <TaskState state={one.status} />
          </span>
          <span role="cell" className="cut">
            <Link to={logPage(one.log_path)} className={css.link}>
              <span className="strong">{taskOf(one)}</span> <span className="t2">{one.name}</span>
            </Link>
          </span>
          <span role="cell" className={`clamp2 ${css.said}`}>
            <How one={one} />
          </span>
          <span role="cell" className={`number t2 ${css.side}`}>
            {one.attempts > 1 ? t("ofTotal", { done: one.attempt, total: one.attempts }) : one.attempt}
          </span>
          <Written bytes={one.size} at={one.mtime} />
        </div>
      ))}
    </div>
  );
}

function How({ one }: { one: LogAttempt }) {
  const gpus = one.gpu_ids.length ? `GPU ${one.gpu_ids.join(", ")}` : "";
  if (one.error) return sentence(errorOf(one.error, one.cause));
  return <span className="t3">{gpus}</span>;
}

function Written({ bytes, at }: { bytes: number | null; at: number | null }) {
  const { t } = useTranslation();
  return (
    <>
      <span role="cell" className={`number t2 ${css.side}`}>
        {bytes === null ? t("logs.gone") : size(bytes)}
      </span>
      <span role="cell" className="number t2">
        {at !== null && <Moment at={at} />}
      </span>
    </>
  );
}

function Schedulers({ logs }: { logs: readonly SchedulerLog[] }) {
  const { t } = useTranslation();
  return (
    <section className={css.section} aria-labelledby="scheduler-logs">
      <h2 id="scheduler-logs" className={css.heading}>
        {t("logs.scheduler")}
      </h2>
      <div className={`card ${css.table}`} role="table" aria-labelledby="scheduler-logs">
        {logs.map((one) => (
          <div key={one.log_path} role="row" className={`${css.row} ${css.plain}`}>
            <span role="cell" className="cut">
              <Link to={logPage(one.log_path)} className={css.link}>
                <code>{fileName(one.log_path)}</code>
              </Link>
            </span>
            <Written bytes={one.size} at={one.mtime} />
          </div>
        ))}
      </div>
    </section>
  );
}
