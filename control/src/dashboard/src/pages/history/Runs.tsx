/** The runs of schedulers, usually the newest first. */
import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { HistoryRun, Status } from "@/api/types";
import { clock, duration } from "@/format/time";
import { Moment } from "@/parts/Moment";
import { SortHead } from "@/parts/SortHead";
import { StateIcon, TaskState } from "@/parts/TaskState";
import { PAGE, type Said, type Say } from "./data";
import { shortFile } from "./names";
import { inOrder, NEWEST, ranOf } from "./runs";
import css from "./History.module.css";

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

interface Props {
  runs: readonly HistoryRun[];
  said: Said;
  say: Say;
}

export function Runs({ runs, said, say }: Props) {
  const { t } = useTranslation();
  const isMore = Boolean(said.queue || said.gpu || said.task || said.waited);
  return (
    <>
      {isMore && <p className={`t3 ${css.remark}`}>{t("history.runsWhole")}</p>}
      {runs.length >= PAGE && <p className={`t3 ${css.remark}`}>{t("history.runsNewest", { most: PAGE })}</p>}
      <Listed runs={runs} said={said} say={say} />
    </>
  );
}

function Listed({ runs, said, say }: Props) {
  const { t } = useTranslation();
  const sort = (order: string) => say({ sort: order });
  const head = (by: string, label: string, isNumber = true) => (
    <SortHead
      by={by}
      label={label}
      isNumber={isNumber}
      sorting={{ said: said.sort, usual: NEWEST, say: sort }}
    />
  );
  if (!runs.length) return <div className={`card t2 ${css.note}`}>{t("history.nothingYet")}</div>;
  return (
    <div className={`card ${css.scroll}`}>
      <Table className={css.plainTable ?? ""} aria-label={t("history.viewRuns")}>
        <Table.Thead>
          <Table.Tr>
            {head("began", t("history.began"), false)}
            <Table.Th>{t("history.file")}</Table.Th>
            <Table.Th>{t("history.run")}</Table.Th>
            <Table.Th>{t("history.state")}</Table.Th>
            {head("ran", t("history.ran"))}
            {head("attempts", t("history.viewAttempts"))}
            {head("tasks", t("history.counts"), false)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {inOrder(runs, said.sort).map((one) => (
            <Table.Tr key={one.run.id}>
              <Table.Td>
                <Moment at={one.run.started_at} />
              </Table.Td>
              <Table.Td>
                {shortFile(one.run.command_file, t)}{" "}
                {one.run.simulated && <span className="t3">{t("history.simulated")}</span>}
              </Table.Td>
              <Table.Td className={css.taskCell ?? ""}>
                <button
                  type="button"
                  className={`plain ${css.taskName}`}
                  aria-label={t("history.onlyRun", { run: one.run.name })}
                  onClick={() => say({ run: String(one.run.id), view: "" })}
                >
                  <code>{one.run.name}</code>
                </button>
              </Table.Td>
              <Table.Td>
                <How one={one} />
              </Table.Td>
              <Table.Td className="number">{duration(ranOf(one))}</Table.Td>
              <Table.Td className="number">{one.run.attempts}</Table.Td>
              <Table.Td>
                <Counts one={one} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function How({ one: { run, goes_on } }: { one: HistoryRun }) {
  const { t } = useTranslation();
  if (goes_on) return <TaskState state="running" />;
  return (
    <span className="t2">
      {run.finished_at === null ? t("history.unfinished") : t("history.over", { at: clock(run.finished_at) })}
    </span>
  );
}

function Counts({ one }: { one: HistoryRun }) {
  const { t } = useTranslation();
  const { counts } = one.run;
  return (
    <span className={css.counts}>
      {COUNTED.filter((state) => counts[state]).map((state) => (
        <span key={state} className={css.countOf} title={t(`states.${state}`)}>
          <StateIcon state={state} />
          <span aria-hidden>{counts[state]}</span>
          <span className="hidden-words">{`${counts[state] ?? 0} ${t(`counted.${state}`)}`}</span>
        </span>
      ))}
    </span>
  );
}
