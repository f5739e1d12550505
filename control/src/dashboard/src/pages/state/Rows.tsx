/** Schedulers, queues and opened tasks as one list, of which only what is in sight is drawn. */
import { Button } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMediaQuery } from "@mantine/hooks";
import type { Queue, Scheduler, Task } from "@/api/types";
import { Empty } from "@/parts/Empty";
import { moreHeight } from "@/parts/density";
import { heightOf, rowsOf, type Filter, type Row } from "./filter";
import { useRowKeys } from "./rowKeys";
import { SchedulerHead } from "./SchedulerHead";
import { RowMenu } from "./RowMenu";
import { Heads, MoreRow, QueueRow, TaskRow } from "./TaskRows";
import { tasksOfQueue } from "./tasks";
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
  scheduler: 44,
};

export function Rows({ schedulers, said, say }: Props) {
  const { t } = useTranslation();
  const isNarrow = useMediaQuery("(max-width: 639px)");
  const open = useMemo(() => new Set(said.open ? said.open.split(",") : []), [said.open]);
  const tasks = useOpened(schedulers, open);
  const { state, text, scheduler } = said;
  const rows = useMemo(
    () => rowsOf(schedulers, { state, text, scheduler }, open, tasks),
    [schedulers, state, text, scheduler, open, tasks],
  );
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
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    say({ open: [...next].join(",") });
  };
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
  const more = row.kind === "queue" || row.kind === "task" ? moreHeight() : 0;
  return ((isNarrow ? NARROW_HEIGHTS[row.kind] : undefined) ?? heightOf(row)) + more;
}

function OneRow({ row, toggle }: { row: Row; toggle: (id: string) => void }) {
  switch (row.kind) {
    case "gap":
      return null;
    case "scheduler":
      return <SchedulerHead one={row.one} />;
    case "heads":
      return <Heads />;
    case "more":
      return <MoreRow count={row.count} last={row.last} />;
    case "queue":
      return <QueueRow row={row} toggle={toggle} />;
    case "task":
      return <TaskRow row={row} />;
  }
}

/** The tasks of opened queues: those that the state lists, and of longer ones all, asked for. */
function useOpened(schedulers: readonly Scheduler[], open: ReadonlySet<string>) {
  const wanted = schedulers.flatMap((one) =>
    (one.state?.queues ?? [])
      .filter(
        (queue) => open.has(`${one.id}:${queue.queue_id}`) && one.alive && queue.tasks.length < queue.total,
      )
      .map((queue) => ({ one, queue })),
  );
  const found = useQueries({
    queries: wanted.map(({ one, queue }) => ({
      queryKey: ["tasks", one.id, queue.queue_id],
      queryFn: () => tasksOfQueue(one.pid, queue.queue_id),
      staleTime: 2_000,
      refetchInterval: 5_000,
      // Ten thousand tasks are drawn anew in no time, as few are in sight; to compare them takes longer.
      structuralSharing: false,
    })),
    combine: (results) =>
      new Map(wanted.map(({ one, queue }, at) => [`${one.id}:${queue.queue_id}`, results[at]?.data])),
  });
  return useMemo(
    () => (one: Scheduler, queue: Queue) => merged(queue, found.get(`${one.id}:${queue.queue_id}`)),
    [found],
  );
}

/** What the state says of a task is newer than what was asked for. */
function merged(queue: Queue, all: readonly Task[] | undefined): readonly Task[] {
  if (!all) return queue.tasks;
  const newer = new Map(queue.tasks.map((task) => [task.key, task]));
  const gone = queue.tasks.filter((task) => !task.in_file);
  return [...gone, ...all.filter((task) => task.in_file).map((task) => newer.get(task.key) ?? task)];
}
