/** What is unsaved, task by task, in words. */
import type { TFunction } from "i18next";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { gb } from "@/format/memory";
import type { FieldChange, TaskChange } from "./model/changes";
import { durationText } from "./model/fields";
import { placeOf, usePage } from "./page";
import css from "./Side.module.css";

export function ChangeList({ changes }: { changes: readonly TaskChange[] }) {
  const { t } = useTranslation();
  const { say } = usePage();
  return (
    <ul className={css.changes}>
      {changes.map((change) => (
        <li key={`${change.kind} ${change.label}`} className={css.change}>
          {gone(change) ? (
            <span className={css.label}>{change.label}</span>
          ) : (
            <button
              type="button"
              className={`plain ${css.label}`}
              onClick={() => say({ queue: change.label.split("/")[0] ?? "", task: change.label })}
            >
              {change.label}
            </button>
          )}
          <span>{said(change, t)}</span>
        </li>
      ))}
    </ul>
  );
}

function gone({ kind }: TaskChange): boolean {
  return kind === "removed" || kind === "broken";
}

function said(change: TaskChange, t: TFunction): ReactNode {
  const comma = t("lists.comma");
  const parts: ReactNode[] = [];
  if (change.kind === "new")
    parts.push(t(change.newQueue ? "command.isNewIn" : "command.isNew"), memory(change.memory, t));
  if (gone(change)) parts.push(t(change.kind === "broken" ? "command.isBroken" : "command.isRemoved"));
  if (gone(change) && change.name) parts.push(change.name);
  if (change.was) parts.push(moved(change.label, change.was, t));
  parts.push(...change.fields.map((field) => fieldSaid(field, t)));
  return parts.map((part, at) => (
    <Fragment key={at}>
      {at > 0 && comma}
      {part}
    </Fragment>
  ));
}

function moved(label: string, was: string, t: TFunction): string {
  const [now, before] = [placeOf(label), placeOf(was)];
  if (!now || !before || now.queue !== before.queue || now.at === before.at)
    return t("command.isMoved", { was });
  return t(now.at < before.at ? "command.isMovedUp" : "command.isMovedDown", { was });
}

export function memory(value: unknown, t: TFunction): string {
  return typeof value === "number" ? `${gb(value)} GB` : t("command.wholeCard");
}

function fieldSaid({ field, from, to }: FieldChange, t: TFunction): ReactNode {
  switch (field) {
    case "commands":
      return t("command.commandsChanged");
    case "memory_gb": {
      const both = typeof from === "number" && typeof to === "number";
      return t("command.memoryFromTo", { from: both ? gb(from) : memory(from, t), to: memory(to, t) });
    }
    case "gpu_count":
      return t("command.gpusFromTo", { from, to });
    case "repeat":
      return t("command.repeatFromTo", { from, to });
    default: {
      const none =
        to === null ||
        to === false ||
        (Array.isArray(to) && !to.length) ||
        (field === "terminal" && to === "direct");
      return none ? t("command.without", { option: field }) : <code>{written(field, to)}</code>;
    }
  }
}

/** As its #LANE line has it. */
function written(field: string, to: unknown): string {
  if (to === true) return field === "share" ? "share=yes" : field;
  if (field === "env") return (to as [string, string][]).map(([name]) => `env.${name}`).join(" ");
  if (field === "timeout") return `timeout=${durationText(to as number)}`;
  const text = Array.isArray(to) ? to.join(",") : String(to);
  return `${field}=${/\s/.test(text) ? `"${text}"` : text}`;
}
