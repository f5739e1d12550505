/** A queue: its tasks in their order, one of them opened. */
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePageKeys } from "@/shell/keys";
import { Why } from "@/parts/Why";
import { added, blank, moved, nextQueue, nudged, type Edit } from "../model/edits";
import { found, labelOf, type ItemQueue } from "../model/sheet";
import { usePage } from "../page";
import css from "./Form.module.css";
import { BrokenBlocks, NotTaken } from "./FormPane";
import { PasteBlocks } from "./PasteBlocks";
import { TaskCard } from "./TaskCard";
import { useDrag, type Drop } from "./useDrag";

const ROW = 50;

export function QueuePane({ queue }: { queue: ItemQueue }) {
  const { said, file, whyNot } = usePage();
  const box = useRef<HTMLDivElement>(null);
  const { tasks } = queue;
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => box.current,
    getItemKey: (at) => tasks[at]?.id ?? at,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const { move, told } = useMoves();
  const drag = useDrag(box, (id, drop) => {
    const it = found(file.queues ?? [], id);
    if (it) move(id, dropped(drop, queue.queue_id, it.at, file.queues ?? []));
  });
  const opened = tasks.findIndex((task) => labelOf(task) === said.task);
  useEffect(() => {
    if (opened >= 0) virtual.scrollToIndex(opened, { align: "auto" });
    // Only when another one is opened.
  }, [opened, virtual]);
  return (
    <>
      <QueueHead queue={queue} />
      <div ref={box} className={css.cards}>
        <BrokenBlocks />
        <NotTaken />
        <ol className={css.list} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const task = tasks[index];
            if (!task) return null;
            const at =
              drag.over?.at === index ? "before" : drag.over?.at === index + 1 ? "behind" : undefined;
            return (
              <li
                key={task.id}
                ref={virtual.measureElement}
                data-index={index}
                data-item={task.id}
                data-drop={drag.id && drag.over?.queue === undefined ? at : undefined}
                className={css.item}
                style={{ transform: `translateY(${start}px)` }}
              >
                <TaskCard
                  item={task}
                  at={index}
                  last={index === tasks.length - 1}
                  open={index === opened}
                  dragged={drag.id === task.id}
                  begin={whyNot === undefined ? drag.begin : undefined}
                  nudge={(by) => move(task.id, nudged(task.id, by))}
                  move={(edit) => move(task.id, edit)}
                />
              </li>
            );
          })}
        </ol>
      </div>
      <div className="hidden-words" role="status">
        {told}
      </div>
    </>
  );
}

function dropped(drop: Drop, here: number, at: number, queues: readonly ItemQueue[]): Edit {
  return (now) => {
    const id = queues.find((queue) => queue.queue_id === here)?.tasks[at]?.id ?? "";
    if (drop.queue === undefined || drop.queue === here) {
      const to = drop.at > at ? drop.at - 1 : drop.at;
      return drop.queue === here ? now : moved(id, here, to)(now);
    }
    const end = now.find((queue) => queue.queue_id === drop.queue)?.tasks.length ?? 0;
    return moved(id, drop.queue, end)(now);
  };
}

/** Moves a task, says where it is now, and keeps the focus on it. */
function useMoves() {
  const { t } = useTranslation();
  const { file, said, say } = usePage();
  const [told, setTold] = useState("");
  const focus = useRef("");
  useEffect(() => {
    if (!focus.current) return;
    document.querySelector<HTMLElement>(`[data-handle="${focus.current}"]`)?.focus();
    focus.current = "";
  }, [file.queues]);
  const move = (id: string, edit: Edit) => {
    const before = found(file.queues ?? [], id);
    const after = found(edit(file.queues ?? []), id);
    if (!before || !after) return;
    const [from, to] = [labelOf(before.task), labelOf(after.task)];
    if (from === to) return;
    focus.current = id;
    void file.edit(edit);
    setTold(t("command.movedTo", { from, to }));
    if (said.task === from) say({ queue: String(after.queue.queue_id), task: to });
    else if (said.task) follow(edit);
  };
  /** The opened one stays open where another one is moved past it. */
  const follow = (edit: Edit) => {
    const open = file.queues?.flatMap((queue) => queue.tasks).find((task) => labelOf(task) === said.task);
    const then = open && found(edit(file.queues ?? []), open.id);
    if (then) say({ task: labelOf(then.task) });
  };
  return { move, told };
}

function QueueHead({ queue }: { queue: ItemQueue }) {
  const { t } = useTranslation();
  const { file, say, whyNot } = usePage();
  const count = queue.tasks.reduce((sum, task) => sum + task.repeat, 0);
  const tasks = t("command.tasks", { count });
  const add = (queueId: number, its: ItemQueue | undefined) => {
    const task = blank(its, queueId, t("command.newTask"));
    const edit = added(queueId, its?.tasks.length ?? 0, task);
    const after = found(edit(file.queues ?? []), task.id);
    void file.edit(edit);
    if (after) say({ queue: String(queueId), task: labelOf(after.task) });
  };
  usePageKeys({ n: () => document.getElementById("add-task")?.click() });
  return (
    <div className={css.queueHead}>
      <h2 className={css.queueTitle}>{t("command.queueOf", { queue: queue.queue_id })}</h2>
      {queue.queue_name && <span className="t2 cut">{queue.queue_name}</span>}
      <span className={`t3 ${css.queueFacts}`}>
        {count > 1 ? t("command.oneAfterOther", { tasks }) : tasks}
      </span>
      <span className={css.queueRight}>
        <Why not={whyNot} effect="N">
          <Button
            id="add-task"
            leftSection={<IconPlus size={14} stroke={1.75} />}
            onClick={() => add(queue.queue_id, queue)}
          >
            {t("command.addTask")}
          </Button>
        </Why>
        <Button
          variant="subtle"
          title={whyNot}
          disabled={whyNot !== undefined}
          onClick={() => add(nextQueue(file.queues ?? []), undefined)}
        >
          {t("command.addQueue")}
        </Button>
        <PasteBlocks queue={queue} />
      </span>
    </div>
  );
}
