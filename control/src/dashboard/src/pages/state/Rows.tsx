/** Schedulers, queues and opened tasks as one list, of which only what is in sight is drawn. */
import { Button } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMediaQuery } from "@mantine/hooks";
import type { Scheduler } from "@/api/types";
import { Empty } from "@/parts/Empty";
import { moreHeight } from "@/parts/density";
import { useStale } from "@/parts/stale";
import { heightOf, rowsOf, type Filter, type Row } from "./filter";
import { useRowKeys } from "./rowKeys";
import { SchedulerHead } from "./SchedulerHead";
import { RowMenu } from "./RowMenu";
import { AttemptRow } from "./AttemptRow";
import { Heads, MoreRow, ProblemRow, QueueRow, TaskRow } from "./TaskRows";
import { useOpened } from "./opened";
import css from "./State.module.css";

interface Props {
  schedulers: readonly Scheduler[];
  said: Filter & { open: string };
  say: (change: Partial<Filter & { open: string }>) => void;
}

const NARROW_HEIGHTS: Partial<Record<Row["kind"], number>> = {
  heads: 0,
  queue: 104,
  task: 84,
  attempt: 84,
  scheduler: 44,
  problem: 68,
};

export function Rows({ schedulers, said, say }: Props) {
  const { t } = useTranslation();
  const isNarrow = useMediaQuery("(max-width: 639px)");
  const open = useMemo(() => new Set(said.open ? said.open.split(",") : []), [said.open]);
  const opened = useOpened(schedulers, open);
  const { state, text, scheduler } = said;
  const rows = useMemo(
    () => rowsOf(schedulers, { state, text, scheduler }, open, opened),
    [schedulers, state, text, scheduler, open, opened],
  );
  const stale = useStale();
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    setTop(list.current?.offsetTop ?? 0);
  }, [rows.length]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => height(rows[index], isNarrow),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    scrollMargin: top,
  });
  const toggle = useCallback(
    (id: string) => {
      const next = new Set(open);
      if (!next.delete(id)) next.add(id);
      say({ open: [...next].join(",") });
    },
    [open, say],
  );
  useRowKeys(rows, virtual, toggle);
  if (!rows.length)
    return (
      <Empty
        title={t("state.nothingFound")}
        text={t("state.nothingFoundText")}
        action={
          <Button
            onClick={() => {
              say({ state: "", text: "", scheduler: "" });
            }}
          >
            {t("state.showAll")}
          </Button>
        }
      />
    );
  return (
    <RowMenu>
      <div
        ref={list}
        role="table"
        aria-label={t("pages.state")}
        aria-rowcount={rows.length}
        className={css.list}
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            row && (
              <div
                key={item.key}
                className={css.place}
                data-stale={"one" in row && stale.has(row.one.id) ? true : undefined}
                style={{ height: item.size, transform: `translateY(${item.start - top}px)` }}
              >
                <OneRow row={row} toggle={toggle} />
              </div>
            )
          );
        })}
      </div>
    </RowMenu>
  );
}

function height(row: Row | undefined, isNarrow: boolean | undefined): number {
  if (!row) return 0;
  const more = row.kind === "queue" || row.kind === "task" || row.kind === "attempt" ? moreHeight() : 0;
  return ((isNarrow ? NARROW_HEIGHTS[row.kind] : undefined) ?? heightOf(row)) + more;
}

function OneRow({ row, toggle }: { row: Row; toggle: (id: string) => void }) {
  switch (row.kind) {
    case "gap":
      return null;
    case "scheduler":
      return <SchedulerHead one={row.one} />;
    case "problem":
      return <ProblemRow problem={row.problem} last={row.last} />;
    case "heads":
      return <Heads />;
    case "more":
      return <MoreRow count={row.count} last={row.last} />;
    case "queue":
      return <QueueRow row={row} toggle={toggle} />;
    case "task":
      return <TaskRow row={row} />;
    case "attempt":
      return <AttemptRow row={row} />;
  }
}
