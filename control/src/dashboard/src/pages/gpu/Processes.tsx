/** Who is on a card: user, program, memory. */
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Card } from "@/api/types";
import { absolute } from "@/format/time";
import type { Row } from "./rows";
import { Amount, What } from "./What";
import css from "./GpuCard.module.css";

const MOST = 3;

interface Props {
  card: Card;
  rows: readonly Row[];
  isOpen: boolean;
  toggle: () => void;
}

export function Processes({ card, rows, isOpen, toggle }: Props) {
  const { t } = useTranslation();
  if (!rows.length) return null;
  const hidden = rows.length > MOST + 1 ? rows.length - MOST : 0;
  const shown = hidden && !isOpen ? rows.slice(0, MOST) : rows;
  return (
    <>
      <ul className={css.rows} aria-label={t("gpu.processes", { index: card.index })}>
        {shown.map((row) => (
          <ProcessRow key={row.id} row={row} />
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" className={`plain ${css.more}`} aria-expanded={isOpen} onClick={toggle}>
          {isOpen ? t("gpu.fewer") : t("gpu.more", { count: hidden })}
        </button>
      )}
    </>
  );
}

function ProcessRow({ row }: { row: Row }) {
  const { t } = useTranslation();
  const facts = [
    row.user ?? t("gpu.somebody"),
    row.pid !== null && t("gpu.pid", { pid: row.pid }),
    row.task,
    row.name,
    row.since !== null && t("gpu.since", { at: absolute(row.since) }),
  ];
  return (
    <li className={css.row}>
      <span className={`cut ${row.isOurs ? css.ours : "t2"}`}>{row.user ?? t("gpu.somebody")}</span>
      <Tooltip label={facts.filter(Boolean).join(" · ")}>
        <span className="cut t2">
          <What row={row} />
        </span>
      </Tooltip>
      <span className="number">
        <Amount row={row} />
      </span>
    </li>
  );
}
