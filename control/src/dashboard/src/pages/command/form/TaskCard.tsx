/** A task of a queue: a line, and its form when it is opened. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconCopy, IconGripVertical } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import type { KeyboardEvent, PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { gb } from "@/format/memory";
import { TaskState } from "@/parts/TaskState";
import { Why } from "@/parts/Why";
import page from "../Command.module.css";
import { duplicated, type Edit } from "../model/edits";
import { freshId, labelOf, type Item } from "../model/sheet";
import { usePage } from "../page";
import css from "./Form.module.css";
import { TaskForm } from "./TaskForm";
import { TaskMenu } from "./TaskMenu";

export interface CardProps {
  item: Item;
  at: number;
  last: boolean;
  open: boolean;
  dragged: boolean;
  begin: ((id: string, event: PointerEvent<HTMLElement>) => void) | undefined;
  nudge: (by: -1 | 1) => void;
  move: (edit: Edit) => void;
}

export function TaskCard(props: CardProps) {
  const { item, open, dragged, begin, nudge } = props;
  const { t } = useTranslation();
  const { say, whyNot } = usePage();
  const label = labelOf(item);
  const toggle = () => say({ queue: String(item.queue_id), task: open ? "" : label });
  const pressed = (event: KeyboardEvent) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    const inEditor = event.target instanceof HTMLElement && event.target.isContentEditable;
    if (!event.altKey || !by || inEditor || whyNot) return;
    event.preventDefault();
    nudge(by);
  };
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <div className={`card ${dragged ? css.dragged : ""}`} onKeyDown={pressed}>
      <div className={`${css.row} ${open ? css.rowOpen : ""}`}>
        <Tooltip label={whyNot ?? t("command.drag", { task: label })}>
          <button
            type="button"
            className={css.handle}
            data-handle={item.id}
            aria-label={t("command.drag", { task: label })}
            aria-disabled={whyNot !== undefined}
            onPointerDown={begin && ((event) => begin(item.id, event))}
          >
            <IconGripVertical size={14} stroke={1.75} />
          </button>
        </Tooltip>
        <button type="button" className={css.name} aria-expanded={open} onClick={toggle}>
          <Chevron size={14} stroke={1.75} className={css.chevron} />
          <span className="strong">{label}</span>
          <span className="t2 cut">{item.options.name ?? item.commands.split("\n")[0]}</span>
          {item.repeat > 1 && <span className="t3">{t("command.repeated", { count: item.repeat })}</span>}
        </button>
        <Facts item={item} />
        <Copy item={item} />
        <TaskMenu {...props} />
      </div>
      {open && <TaskForm item={item} />}
    </div>
  );
}

function Facts({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { file, tasks, scheduler } = usePage();
  const saved = file.partners.get(item);
  const live = saved && tasks.get(labelOf(saved));
  const label = labelOf(item);
  const unsaved = file.changes.some(
    (change) => change.label === label && change.kind !== "removed" && change.kind !== "broken",
  );
  return (
    <span className={css.facts}>
      {unsaved && <span className={page.tag}>{t("command.unsaved")}</span>}
      <span className={`t2 number ${css.wide}`}>{asks(item, t)}</span>
      {scheduler && saved && (
        <span className={css.state}>
          <TaskState state={live?.state.status ?? "pending"} pale={!scheduler.alive} />
        </span>
      )}
    </span>
  );
}

/** "14 GB", "2 × 20 GB", "whole card". */
function asks({ gpu_count: count, memory_gb: memory }: Item, t: TFunction): string {
  if (!count) return t("command.cpu");
  const each = memory === null ? t("command.wholeCard") : `${gb(memory)} GB`;
  if (count === 1) return each;
  return memory === null
    ? t("command.wholeCards", { count })
    : t("command.gpusEach", { count, memory: gb(memory) });
}

function Copy({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { file, say, whyNot } = usePage();
  const label = t("command.duplicate", { task: labelOf(item) });
  const act = () => {
    const copy = freshId();
    void file.edit(duplicated(item.id, copy));
    say({
      queue: String(item.queue_id),
      task: labelOf({ ...item, process_index: item.process_index + item.repeat }),
    });
  };
  return (
    <Why not={whyNot} effect={label}>
      <ActionIcon className={css.wide} aria-label={label} onClick={act}>
        <IconCopy size={16} stroke={1.75} />
      </ActionIcon>
    </Why>
  );
}
