/** The cards as a table: one a row, to compare and to sort. */
import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useIdentity } from "@/api/identity";
import type { Card, Gpus, GpuProcess } from "@/api/types";
import { measuredGb } from "@/format/memory";
import { SortHead } from "@/parts/SortHead";
import { CardBar } from "./CardBar";
import type { ProcessesOf } from "./data";
import { isHot } from "./notes";
import { OnSwitch } from "./OnSwitch";
import { toggled, type Said, type Say } from "./parameters";
import { Amount, What } from "./What";
import { rowsOf, type Row } from "./rows";
import { modelOf } from "./shares";
import { inOrder, type Sort } from "./sorting";
import { StandingLine } from "./StandingLine";
import { standingOf } from "./standing";
import css from "./CardTable.module.css";

interface Props {
  gpus: Gpus;
  processes: ProcessesOf;
  marked: string | undefined;
  said: Said;
  say: Say;
}

export function CardTable({ gpus, processes, marked, said, say }: Props) {
  const { t } = useTranslation();
  const user = useIdentity()?.user ?? "";
  const sorting = { said: said.sort, say: (sort: string) => say({ sort }) };
  const head = (by: Sort) => (
    <SortHead by={by} label={t(`gpu.heads.${by}`)} sorting={sorting} isNumber className={css[by]} />
  );
  return (
    <div className={`card ${css.around}`}>
      <Table className={css.table} stickyHeader stickyHeaderOffset={48}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className={css.gpu}>{t("gpu.heads.gpu")}</Table.Th>
            {head("free")}
            <Table.Th className={css.bar}>{t("gpu.heads.memory")}</Table.Th>
            <Table.Th>{t("gpu.heads.who")}</Table.Th>
            <Table.Th className={css.people}>{t("gpu.heads.people")}</Table.Th>
            {head("use")}
            {head("temperature")}
            {head("power")}
            <Table.Th className="number">{t("gpu.heads.on")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {inOrder(gpus.cards, said.sort).map((card) => (
            <CardRow
              key={card.uuid}
              card={card}
              gpus={gpus}
              processes={processes(card.uuid)}
              user={user}
              isMarked={card.uuid === marked}
              said={said}
              say={say}
            />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface RowProps {
  card: Card;
  gpus: Gpus;
  processes: readonly GpuProcess[];
  user: string;
  isMarked: boolean;
  said: Said;
  say: Say;
}

function CardRow({ card, gpus, processes, user, isMarked, said, say }: RowProps) {
  const { t } = useTranslation();
  return (
    <Table.Tr id={`gpu-${card.uuid}`} tabIndex={-1} data-marked={isMarked || undefined}>
      <Table.Td className={css.gpu}>
        <b>{t("gpu.gpu", { index: card.index })}</b>{" "}
        <span className={`t3 ${css.model}`}>{modelOf(card)}</span>
      </Table.Td>
      <Table.Td className={`number ${css.free}`}>
        {card.health === "ok" ? <b>{measuredGb(card.free_gb)}</b> : "–"} <span className="t3">GB</span>
      </Table.Td>
      <Table.Td className={css.bar}>
        <CardBar card={card} processes={processes} thin />
      </Table.Td>
      <Table.Td>
        <StandingLine standing={standingOf(card, processes, gpus.allowance)} />
      </Table.Td>
      <Table.Td className={css.people}>
        <People uuid={card.uuid} rows={rowsOf(card, processes, user)} more={said.more} say={say} />
      </Table.Td>
      <Figure name="use" value={card.use} unit="%" />
      <Figure name="temperature" value={card.temperature_c} unit=" °C" isHot={isHot(card)} />
      <Figure name="power" value={card.power_w} unit=" W" />
      <Table.Td className={css.switch}>
        <OnSwitch card={card} />
      </Table.Td>
    </Table.Tr>
  );
}

const MOST = 4;

interface PeopleProps {
  uuid: string;
  rows: readonly Row[];
  more: string;
  say: Say;
}

function People({ uuid, rows, more, say }: PeopleProps) {
  const { t } = useTranslation();
  const isOpen = more.split(",").includes(uuid);
  const hidden = rows.length > MOST + 1 ? rows.length - MOST : 0;
  return (
    <>
      {(hidden && !isOpen ? rows.slice(0, MOST) : rows).map((row) => (
        <div key={row.id} className={css.person}>
          <span className="cut">
            <span className={row.isOurs ? css.ours : "t2"}>{row.user ?? t("gpu.somebody")}</span>{" "}
            <span className="t3">
              <What row={row} />
            </span>
          </span>
          <span className="number t2">
            <Amount row={row} />
          </span>
        </div>
      ))}
      {hidden > 0 && (
        <button
          type="button"
          className={`plain ${css.more}`}
          aria-expanded={isOpen}
          onClick={() => say({ more: toggled(more, uuid) })}
        >
          {isOpen ? t("gpu.fewer") : t("gpu.more", { count: hidden })}
        </button>
      )}
    </>
  );
}

interface FigureProps {
  name: Sort;
  value: number | null;
  unit: string;
  isHot?: boolean;
}

function Figure({ name, value, unit, isHot }: FigureProps) {
  return (
    <Table.Td className={`number ${css[name]}`} data-hot={isHot || undefined}>
      {value === null ? (
        <span className="t3">–</span>
      ) : (
        <>
          {Math.round(value)}
          <span className={isHot ? undefined : "t3"}>{unit}</span>
        </>
      )}
    </Table.Td>
  );
}
