/** Attempts, the last that ended first: of many only what is in sight is drawn, and more is asked for at the end. */
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconFileText } from "@tabler/icons-react";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { gb, measuredGb } from "@/format/memory";
import { duration } from "@/format/time";
import { Moment } from "@/parts/Moment";
import { Empty } from "@/parts/Empty";
import { endedAs } from "@/parts/ended";
import { GpuChips } from "@/parts/GpuChips";
import { SortHead, type Sorting } from "@/parts/SortHead";
import { TaskState } from "@/parts/TaskState";
import { logPage } from "@/shell/paths";
import { errorOf } from "@/words/causes";
import { endOf, type Row } from "./attempts";
import { NO_FILTER, USUAL, type Said, type Say, type useHistory } from "./data";
import { causeOf, shortFile } from "./names";
import css from "./History.module.css";

const ROW = 37;
const BLOCK = 84;
/** Of the page and of the table, which stay in sight. */
const HEADS = 80;
/** Pages that are looked through unasked while filters leave nothing of them. */
const LOOKED_THROUGH = 8;

interface Props {
  list: ReturnType<typeof useHistory>;
  rows: readonly Row[];
  /** How many there are on all pages. */
  total: number;
  said: Said;
  say: Say;
}

export function Attempts({ list: found, rows, total, said, say }: Props) {
  const { t } = useTranslation();
  const isBlocks = useMediaQuery("(max-width: 639px)", undefined, { getInitialValueInEffect: false });
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    setTop(list.current?.offsetTop ?? 0);
  }, [rows.length, isBlocks]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (isBlocks ? BLOCK : ROW),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    scrollMargin: top,
  });
  useEffect(() => virtual.measure(), [virtual, isBlocks]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const isFar = (found.data?.pages.length ?? 0) >= LOOKED_THROUGH && rows.length < ROWS_IN_SIGHT;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isFar && last >= rows.length - ROWS_IN_SIGHT)
      void fetchNextPage();
  }, [last, rows.length, hasNextPage, isFetchingNextPage, isFar, fetchNextPage]);

  const sort = (order: string) => {
    say({ sort: order });
    if (window.scrollY > top) window.scrollTo({ top: top - HEADS });
  };

  if (!rows.length && !hasNextPage)
    return (
      <Empty
        title={t("history.noneTitle")}
        text={t("history.noneText")}
        action={<Button onClick={() => say({ ...NO_FILTER, last: "all" })}>{t("history.showAll")}</Button>}
      />
    );
  return (
    <>
      <div
        className={`card ${css.table}`}
        role="table"
        aria-label={t("history.viewAttempts")}
        aria-rowcount={rows.length}
      >
        <Heads sorting={{ said: said.sort, usual: USUAL, say: sort }} />
        <div ref={list} className={css.list} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  role="presentation"
                  className={css.place}
                  style={{ height: item.size, transform: `translateY(${item.start - top}px)` }}
                >
                  <AttemptRow row={row} say={say} isByWait={said.sort.endsWith("waited")} />
                </div>
              )
            );
          })}
        </div>
      </div>
      <More list={found} rows={rows} total={total} said={said} isFar={isFar} />
    </>
  );
}

const ROWS_IN_SIGHT = 30;

function More({ list, rows, total, said, isFar }: Omit<Props, "say"> & { isFar: boolean }) {
  const { t } = useTranslation();
  if (!list.hasNextPage) return null;
  const isSome = Boolean(said.state || said.task || said.gpu || said.waited);
  const more = total - rows.length;
  return (
    <div className={`t3 ${css.more}`}>
      {!isSome && more > 0 ? t("history.more", { count: more }) : t("history.moreSome")}
      {isFar && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("history.further")}
        </Button>
      )}
    </div>
  );
}

function Heads({ sorting }: { sorting: Sorting }) {
  const { t } = useTranslation();
  const sort = { sorting, isSpan: true };
  return (
    <div className={`${css.row} ${css.heads} t3`} role="row">
      <SortHead by="ended" label={t("history.ended")} {...sort} />
      <span role="columnheader">{t("history.task")}</span>
      <span role="columnheader" className="number">
        {t("history.attempt")}
      </span>
      <span role="columnheader">{t("history.state")}</span>
      <span role="columnheader">{t("history.where")}</span>
      <SortHead by="ran" label={t("history.ran")} isNumber {...sort} />
      <SortHead by="waited" label={t("history.waited")} isNumber tip={t("history.waitedTip")} {...sort} />
      <SortHead by="peak" label={t("history.peakDeclared")} isNumber tip={t("history.peakTip")} {...sort} />
      <span role="columnheader" className="number">
        {t("history.exit")}
      </span>
      <span role="columnheader">{t("history.error")}</span>
      <span role="columnheader">
        <span className="hidden-words">{t("history.log")}</span>
      </span>
    </div>
  );
}

interface RowProps {
  row: Row;
  say: Say;
  /** Sorted by the wait: then each row tells it. */
  isByWait: boolean;
}

const AttemptRow = memo(function AttemptRow({ row, say, isByWait }: RowProps) {
  const { t } = useTranslation();
  const { task, attempt } = row;
  const why = causeOf(attempt, t);
  const whole = errorOf(attempt.error ?? "", attempt.cause) || why;
  const ended = endOf(attempt);
  return (
    <div className={`${css.row} ${css.attempt}`} role="row">
      <span role="cell" className={`t2 ${css.ended}`}>
        <Moment at={ended} />
      </span>
      <span role="cell" className={css.task}>
        <Tooltip label={`${shortFile(task.command_file, t)} · ${task.name ?? task.commands.slice(0, 200)}`}>
          <button
            type="button"
            className={`plain ${css.taskName}`}
            aria-label={t("history.onlyTask", { task: `${task.task} ${task.name ?? ""}`.trim() })}
            onClick={() => say({ task: task.key, queue: "" })}
          >
            <span className="strong">{task.task}</span> <span className="t3">{task.name}</span>
          </button>
        </Tooltip>
      </span>
      <span role="cell" className={`number t2 ${css.number}`}>
        {attempt.attempt}
      </span>
      <span role="cell" className={css.state}>
        <TaskState state={endedAs(attempt.how)} />
      </span>
      <span role="cell" className={css.where}>
        <GpuChips ids={attempt.gpu_ids} isLine />
      </span>
      <span role="cell" className={`number ${css.ran}`}>
        {attempt.seconds === null ? <span className="t3">–</span> : duration(attempt.seconds)}
      </span>
      <span role="cell" className={`number t2 ${css.waited}`}>
        {(row.tellsWait || isByWait) && duration(task.waited)}
      </span>
      <span role="cell" className={`number ${css.memory}`}>
        <Memory row={row} />
      </span>
      <span role="cell" className={`number ${attempt.exit_code ? "" : "t3"} ${css.exit}`}>
        {attempt.exit_code}
      </span>
      <span role="cell" className={`cut ${css.error}`}>
        <Tooltip label={whole} disabled={why.length < 22 && why === whole}>
          <span className={attempt.cause?.kind === "out_of_memory" ? "" : "t2"}>{why}</span>
        </Tooltip>
      </span>
      <span role="cell" className={css.log}>
        <ActionIcon
          component={Link}
          to={logPage(attempt.log_path)}
          aria-label={`${t("history.log")} ${task.task}, ${attempt.attempt}`}
        >
          <IconFileText size={14} stroke={1.75} />
        </ActionIcon>
      </span>
    </div>
  );
});

function Memory({ row: { task, attempt } }: { row: Row }) {
  const { t } = useTranslation();
  if (!task.gpu_count) return <span className="t3">–</span>;
  const asked = attempt.asked_gb === null ? t("history.whole") : `${gb(attempt.asked_gb)} GB`;
  return (
    <>
      {attempt.peak_gb === null ? "–" : measuredGb(attempt.peak_gb)} <span className="t3">/ {asked}</span>
    </>
  );
}
