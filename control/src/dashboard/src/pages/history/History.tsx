/** What has run: how long, how often, how much memory. */
import { Button, SegmentedControl, Tooltip } from "@mantine/core";
import { IconDownload, IconX } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { serverNow } from "@/api/live";
import type { History as Found } from "@/api/types";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { useParameters } from "@/parts/parameters";
import { lanesOf, memoryLanes, rangeOf, rowsInOrder, rowsOf, type Row } from "./attempts";
import { Attempts } from "./Attempts";
import {
  meant,
  NAMES,
  NO_FILTER,
  orderOf,
  queryOf,
  sheetOf,
  useHistory,
  useQueues,
  useSorted,
  type Query,
  type Said,
  type Say,
  type Sort,
} from "./data";
import { totals } from "./figures";
import { Filters } from "./Filters";
import { MemoryTable } from "./MemoryTable";
import { MemoryChart } from "./MemoryChart";
import { rangeName } from "./names";
import { Runs } from "./Runs";
import { TookChart } from "./TookChart";
import { WaitChart } from "./WaitChart";
import css from "./History.module.css";

export function History() {
  const { t } = useTranslation();
  const [inAddress, say] = useParameters(NAMES);
  const said = useMemo(() => meant(inAddress), [inAddress]);
  const [openedAt] = useState(serverNow);
  const query = useMemo(() => queryOf(said, openedAt), [said, openedAt]);
  const history = useHistory(query);
  const sort = said.view ? null : orderOf(said.sort);
  const sorted = useSorted(query, sort);
  const first = history.data?.pages[0];
  const queues = useQueues(query, first?.figures?.queues);
  return (
    <Page
      title={t("pages.history")}
      facts={first && <Facts said={said} history={history} />}
      right={
        <>
          <Filters said={said} say={say} queues={queues} />
          <Sheet query={query} sort={sort} />
        </>
      }
    >
      {history.error && !history.data ? (
        <Failure error={history.error} again={() => void history.refetch()} />
      ) : first ? (
        <Whole history={history} sorted={sort && sorted} first={first} said={said} say={say} />
      ) : (
        <Loading rows={12} />
      )}
    </Page>
  );
}

interface WholeProps {
  history: ReturnType<typeof useHistory>;
  /** null: the attempts are listed in their usual order. */
  sorted: ReturnType<typeof useSorted> | null;
  first: Found;
  said: Said;
  say: Say;
}

function Whole({ history, sorted, first, said, say }: WholeProps) {
  const { t } = useTranslation();
  const { waited } = said;
  const pages = history.data?.pages;
  const tasks = useMemo(() => pages?.flatMap((page) => page.tasks) ?? [], [pages]);
  const rows = useMemo(() => rowsOf(tasks), [tasks]);
  const figures = first.figures;
  const lanes = useMemo(() => lanesOf(rows, figures?.queues ?? []), [rows, figures]);
  const memory = useMemo(
    () => memoryLanes(figures?.memory ?? [], figures?.queues ?? [], rows),
    [figures, rows],
  );
  if (!first.command_files.length)
    return (
      <Empty
        title={t("history.emptyTitle")}
        text={t("history.emptyText")}
        action={
          <Button component={Link} to="/ui/command">
            {t("history.toCommands")}
          </Button>
        }
      />
    );
  const chooseQueue = (key: string) => say({ queue: key === said.queue ? "" : key });
  return (
    <>
      <div className={css.charts}>
        <TookChart lanes={lanes} chosen={said.queue} choose={chooseQueue} />
        <WaitChart
          spread={first.charts?.waited}
          chosen={waited}
          choose={(range) => say({ waited: range === waited ? "" : range })}
        />
        <MemoryChart lanes={memory} chosen={said.queue} choose={chooseQueue} />
      </div>
      <Views said={said} say={say} />
      {said.view === "memory" ? (
        <MemoryTable figures={figures?.memory ?? []} queues={figures?.queues ?? []} say={say} />
      ) : said.view === "runs" ? (
        <Runs runs={first.runs} said={said} say={say} />
      ) : (
        <Listed history={history} sorted={sorted} rows={rows} said={said} say={say} />
      )}
    </>
  );
}

/** The attempts in the order that is chosen; in the usual one, until that is there. */
function Listed({ history, sorted, rows, said, say }: Omit<WholeProps, "first"> & { rows: readonly Row[] }) {
  const pages = sorted?.data?.pages;
  const inOrder = useMemo(() => pages && rowsInOrder(pages.flatMap((page) => page.tasks)), [pages]);
  if (sorted?.error && !pages) return <Failure error={sorted.error} again={() => void sorted.refetch()} />;
  return (
    <Attempts
      list={sorted && pages ? sorted : history}
      rows={inOrder ?? rows}
      total={totals(history.data?.pages ?? []).attempts}
      said={said}
      say={say}
    />
  );
}

function Facts({ said, history }: Pick<WholeProps, "said" | "history">) {
  const { t } = useTranslation();
  const isSome = Boolean(said.state || said.task || said.gpu || said.waited);
  const pages = history.data?.pages ?? [];
  if (isSome) {
    const count = rowsOf(pages.flatMap((page) => page.tasks)).length;
    return t("history.factsShown", { attempts: t("history.attempts", { count }) });
  }
  const { attempts, failed } = totals(pages);
  const all = t("history.attempts", { count: attempts });
  const told =
    said.last === "all"
      ? all
      : t("history.facts", { attempts: all, span: t(`history.days${spanOf(said.last)}`) });
  return failed ? [told, t("history.factsFailed", { failed })].join(t("history.then")) : told;
}

function spanOf(last: string): "1" | "7" | "30" {
  return last === "1" || last === "30" ? last : "7";
}

function Sheet({ query, sort }: { query: Query; sort: Sort | null }) {
  const { t } = useTranslation();
  return (
    <Tooltip label={t("history.csvTip")}>
      <Button
        component="a"
        href={sheetOf(query, sort)}
        download="history.csv"
        className={css.sheet ?? ""}
        leftSection={<IconDownload size={14} stroke={1.75} />}
      >
        {t("history.csv")}
      </Button>
    </Tooltip>
  );
}

/** What is listed below the charts, and the filters that no menu shows. */
function Views({ said, say }: { said: Said; say: Say }) {
  const { t } = useTranslation();
  const [low, high] = rangeOf(said.waited);
  const chips: [keyof Said, string][] = [];
  if (said.task) chips.push(["task", t("history.taskIs", { task: said.task })]);
  if (said.run) chips.push(["run", t("history.runIs", { run: said.run })]);
  if (said.waited) chips.push(["waited", t("history.waitedIs", { range: rangeName({ low, high }, t) })]);
  const isFiltered = Object.keys(NO_FILTER).some((name) => said[name as keyof Said]);
  return (
    <div className={css.views}>
      <SegmentedControl
        aria-label={t("history.view")}
        value={said.view || "attempts"}
        onChange={(view) => say({ view: view === "attempts" ? "" : view })}
        data={[
          { value: "attempts", label: t("history.viewAttempts") },
          { value: "memory", label: t("history.viewMemory") },
          { value: "runs", label: t("history.viewRuns") },
        ]}
      />
      {chips.map(([name, label]) => (
        <Button
          key={name}
          className={css.filter ?? ""}
          rightSection={<IconX size={14} stroke={1.75} />}
          aria-label={t("history.without", { filter: label })}
          onClick={() => say({ [name]: "" })}
        >
          {label}
        </Button>
      ))}
      {isFiltered && (
        <Button variant="subtle" onClick={() => say(NO_FILTER)}>
          {t("history.showAll")}
        </Button>
      )}
    </div>
  );
}
