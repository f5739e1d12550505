/** In three lines: what starts now, what comes next, and whether all of it can run here. */
import { IconCheck, IconCircleX, IconHourglass, IconPlayerPlayFilled } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Preview, PreviewRow } from "@/api/types";
import { refusalText } from "@/words/refused";
import { usePreview } from "./model/usePreview";
import { usePage } from "./page";
import { whySaid } from "@/words/previews";
import css from "./Side.module.css";

export function WhatWould() {
  const { t } = useTranslation();
  const { file } = usePage();
  const { preview, error } = usePreview(file);
  if (error) return <p className="t2">{refusalText(error)}</p>;
  if (!preview) return <p className="t3">…</p>;
  if (preview.faults.length)
    return (
      <dl className={css.would}>
        <Line
          icon={<IconCircleX size={14} stroke={1.75} />}
          word={t("command.neverWord")}
          color="var(--gl-failed)"
        >
          {preview.faults[0]?.problem}
        </Line>
      </dl>
    );
  return <Lines preview={preview} />;
}

function Lines({ preview }: { preview: Preview }) {
  const { t } = useTranslation();
  const of = (state: PreviewRow["state"]) => preview.tasks.filter((row) => row.state === state);
  const starts = of("starts_now");
  const waits = of("waits");
  const [first] = waits;
  const never = preview.counts["never"] ?? 0;
  // Where the driver is silent, nobody knows what fits.
  const unchecked = preview.notes.some((note) => note.startsWith("not checked against"));
  return (
    <dl className={css.would}>
      {starts.length > 0 && (
        <Line icon={<IconPlayerPlayFilled size={14} />} word={t("command.now")} color="var(--gl-running)">
          {several(starts, preview.counts["starts_now"] ?? 0, t)}
        </Line>
      )}
      {first && (
        <Line
          icon={<IconHourglass size={14} stroke={1.75} />}
          word={t("command.next")}
          color="var(--gl-waiting)"
        >
          <b className="strong">{first.task}</b> {whySaid(first)}{" "}
          {more((preview.counts["waits"] ?? 1) - 1, t)}
        </Line>
      )}
      {never > 0 && (
        <Line
          icon={<IconCircleX size={14} stroke={1.75} />}
          word={t("command.neverWord")}
          color="var(--gl-failed)"
        >
          {t("command.neverFit", { count: never })}
        </Line>
      )}
      {never === 0 && !unchecked && (
        <Line
          icon={<IconCheck size={14} stroke={1.75} />}
          word={t("command.fits")}
          color="var(--gl-completed)"
        >
          {t(preview.simulate ? "command.allFitSimulated" : "command.allFit", { count: preview.total })}
        </Line>
      )}
    </dl>
  );
}

function Line({
  icon,
  word,
  color,
  children,
}: {
  icon: ReactNode;
  word: string;
  color: string;
  children: ReactNode;
}) {
  return (
    <>
      <dt style={{ color }}>
        {icon}
        {word}
      </dt>
      <dd>{children}</dd>
    </>
  );
}

function several(rows: readonly PreviewRow[], count: number, t: TFunction): string {
  const shown = rows.slice(0, 3).map((row) => {
    const gpus = row.gpus.map((gpu) => `GPU ${gpu}`).join(t("lists.comma"));
    return gpus ? t("command.startsOn", { task: row.task, gpus }) : t("command.starts", { task: row.task });
  });
  return [...shown, more(count - shown.length, t)].filter(Boolean).join(t("lists.comma"));
}

function more(count: number, t: TFunction): string {
  return count > 0 ? t("command.andMore", { count }) : "";
}
