/** The list: of long ones only what is in sight is drawn, and the next page is asked for at the end. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { usePageKeys } from "@/shell/keys";
import { LONGEST, USUAL, useLive, wrongIn, type useTaskList } from "./list";
import { Heads, TaskRow } from "./TaskRow";
import { NewButton, type Said, type Say } from "./Tasks";
import css from "./Tasks.module.css";

const ROW = 38;
const BLOCK = 84;

interface Props {
  list: ReturnType<typeof useTaskList>;
  said: Said;
  say: Say;
}

export function List({ list, said, say }: Props) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const live = useLive();
  const isBlocks = useMediaQuery("(max-width: 639px)", undefined, { getInitialValueInEffect: false });
  const tasks = useMemo(() => list.data?.pages.flatMap((page) => page.tasks) ?? [], [list.data]);
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => box.current,
    estimateSize: () => (isBlocks ? BLOCK : ROW),
    getItemKey: (index) => tasks[index]?.id ?? index,
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, isBlocks]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= tasks.length - 20) void fetchNextPage();
  }, [last, tasks.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const ids = useMemo(() => tasks.map((task) => task.id), [tasks]);
  useMoving(box, ids, virtual.scrollToIndex);

  const wrong = wrongIn(said);
  if (wrong)
    return (
      <Beside>
        <Nothing
          said={said}
          say={say}
          text={t(wrong === "state" ? "tasks.noState" : "tasks.tooLong", {
            state: said.state,
            most: LONGEST,
          })}
        />
      </Beside>
    );
  if (list.error && !list.data)
    return <Beside>{<Failure error={list.error} again={() => void list.refetch()} />}</Beside>;
  if (!list.data)
    return (
      <Beside>
        <Loading rows={12} />
      </Beside>
    );
  if (!tasks.length)
    return (
      <Beside>
        <Nothing said={said} say={say} text={t("tasks.noneText")} />
      </Beside>
    );
  const more = (list.data.pages[0]?.total ?? 0) - tasks.length;
  return (
    <div
      ref={box}
      className={css.list}
      role="table"
      aria-label={t("pages.tasks")}
      aria-rowcount={tasks.length}
    >
      <Heads sorting={{ said: said.sort, usual: USUAL, say: (sort) => sortBy(sort, say, box) }} />
      <div className={css.rows} style={{ height: virtual.getTotalSize() }} role="rowgroup">
        {items.map((item) => {
          const task = tasks[item.index];
          return (
            task && (
              <div
                key={item.key}
                className={css.place}
                role="presentation"
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                <TaskRow
                  task={task}
                  live={live(task)?.task}
                  isChosen={said.task === String(task.id) || said.copy === String(task.id)}
                  choose={say}
                />
              </div>
            )
          );
        })}
      </div>
      {more > 0 && <div className={`t3 ${css.more}`}>{t("tasks.more", { count: more })}</div>}
    </div>
  );
}

/** From its beginning. */
function sortBy(sort: string, say: Say, box: React.RefObject<HTMLDivElement | null>): void {
  say({ sort });
  box.current?.scrollTo({ top: 0 });
}

function Beside({ children }: { children: React.ReactNode }) {
  return <div className={css.beside}>{children}</div>;
}

/** `text`: where something is filtered by. */
function Nothing({ said, say, text }: { said: Said; say: Say; text: string }) {
  const { t } = useTranslation();
  return said.state !== "" || said.text !== "" ? (
    <Empty
      title={t("tasks.noneTitle")}
      text={text}
      action={<Button onClick={() => say({ state: "", text: "" })}>{t("tasks.showAll")}</Button>}
    />
  ) : (
    <Empty
      title={t("tasks.emptyTitle")}
      text={t("tasks.emptyText")}
      action={<NewButton make={() => say({ new: "1" })} />}
    />
  );
}

/** J, K and the arrows move the focus from row to row; Enter opens what has it, as it is a button. */
function useMoving(
  box: React.RefObject<HTMLDivElement | null>,
  ids: readonly number[],
  show: (index: number) => void,
): void {
  const move = (by: number) => (event: KeyboardEvent) => {
    const rows = box.current;
    if (!rows) return;
    event.preventDefault();
    const next = Math.min(ids.length - 1, Math.max(0, placeOf(rows, ids, by)));
    show(next);
    requestAnimationFrame(() =>
      rows.querySelector<HTMLElement>(`[data-task="${ids[next] ?? ""}"] button`)?.focus(),
    );
  };
  usePageKeys({ j: move(1), ArrowDown: move(1), k: move(-1), ArrowUp: move(-1) });
}

/** So many rows from the one that has the focus, else from the chosen one; without both the first. */
function placeOf(rows: HTMLElement, ids: readonly number[], by: number): number {
  const focused = document.activeElement?.closest<HTMLElement>("[data-task]");
  const from = focused ?? rows.querySelector<HTMLElement>("[data-chosen]");
  const at = ids.indexOf(Number(from?.dataset["task"]));
  return at < 0 ? 0 : at + by;
}
