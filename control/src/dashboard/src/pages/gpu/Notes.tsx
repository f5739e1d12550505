/** Sentences at the foot of a card. */
import { IconTemperature } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { Trans, useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Card, GpuAllowance, GpuProcess } from "@/api/types";
import { measuredGb } from "@/format/memory";
import { clock, duration } from "@/format/time";
import { useSecond } from "@/parts/now";
import { Said } from "@/parts/Said";
import { notesOf, type Note, type Promised } from "./notes";
import css from "./GpuCard.module.css";

interface Props {
  card: Card;
  processes: readonly GpuProcess[];
  allowance: GpuAllowance;
  hasRows: boolean;
}

export function Notes({ card, processes, allowance, hasRows }: Props) {
  const { i18n } = useTranslation();
  const now = useSecond();
  // Chinese sentences stand side by side without one.
  const gap = i18n.language === "zh" ? "" : " ";
  const notes = notesOf(card, processes, allowance, hasRows, now);
  if (!notes.length) return null;
  return (
    <p className={`t3 ${css.notes}`} data-first={!hasRows || undefined}>
      {notes.map((note) => (
        <span key={note.kind}>
          <OneNote note={note} allowance={allowance} now={now} />
          {gap}
        </span>
      ))}
    </p>
  );
}

/** Where more than one has yet to take what is promised to it, how much of it is whose. */
function freshSaid(note: Extract<Note, { kind: "fresh" }>, now: number, t: TFunction): string {
  const said = { ago: duration(now - note.since), memory: measuredGb(note.memory), task: note.task };
  if (note.of.length < 2) return t("gpu.freshNote", { ...said, task: note.of[0]?.task ?? note.task });
  const each = ({ task, memory }: Promised) => t("gpu.freshOne", { task, memory: measuredGb(memory) });
  return t("gpu.freshNotes", { ...said, tasks: note.of.map(each).join(t("lists.comma")) });
}

function OneNote({ note, allowance, now }: { note: Note; allowance: GpuAllowance; now: number }) {
  const { t } = useTranslation();
  switch (note.kind) {
    case "stays":
      return (
        <Trans
          t={t}
          i18nKey="gpu.stays"
          values={{ held: allowance.held, allowed: allowance.allowed, key: note.key, value: note.value }}
          components={{ code: <code /> }}
        />
      );
    case "outside":
      return (
        <Link to="/ui/rule" className={css.link}>
          {t("gpu.outsideNote")}
        </Link>
      );
    case "hot":
      return (
        <span className={css.hot}>
          <IconTemperature size={14} stroke={1.75} aria-hidden />
          <span>
            <Said of="gpu.hotNote" temperature={Math.round(note.temperature)} />
          </span>
        </span>
      );
    case "fresh":
      return freshSaid(note, now, t);
    case "alone":
      return t("gpu.aloneNote", { task: note.task });
    case "off":
      return t("gpu.offNote", { at: clock(note.since) });
    case "aside":
      return t("gpu.asideNote", { count: note.tasks, at: clock(note.until) });
    case "hidden":
      return t("gpu.hiddenNote", { memory: measuredGb(note.memory) });
    case "lost":
    case "unreadable":
      return t(`gpu.${note.kind}Note`);
    case "nobody":
      return t("gpu.nobody");
  }
}
