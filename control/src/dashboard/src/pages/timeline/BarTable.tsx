/** The timeline for those who do not see it. */
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { absolute } from "@/format/time";
import { endOf, idOf } from "./items";
import type { Lanes } from "./lanes";
import { fileOf } from "./LaneNames";
import { rowsInView, type TableRow } from "./rowsInView";
import { factsOf, type Asked } from "./told";
import type { Scale } from "./view";

const MOST = 200;

interface Props {
  lanes: Lanes;
  /** null: it moves, and what is read stays. */
  scale: Scale | null;
  asked: Asked;
}

export const BarTable = memo(
  function BarTable({ lanes, scale, asked }: Props) {
    const { t } = useTranslation();
    if (!scale) return null;
    const { rows, more } = rowsInView(lanes, scale, asked.now, MOST);
    const heads = ["queue", "task", "state", "start", "end", "details", "log"] as const;
    return (
      // In a box, as a table is never smaller than its words.
      <div className="hidden-words">
        <table>
          <caption>
            {t("timeline.table")} {more > 0 && t("timeline.tableMore", { count: more })}
          </caption>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {t(`timeline.${head}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={`${row.lane.key} ${idOf(row.item)}`} row={row} asked={asked} />
            ))}
          </tbody>
        </table>
      </div>
    );
  },
  // Seconds that pass change nothing of it.
  (before, after) =>
    before.lanes === after.lanes &&
    (after.scale === null || before.scale === after.scale) &&
    before.asked.t === after.asked.t,
);

function Row({ row: { lane, item }, asked }: { row: TableRow; asked: Asked }) {
  const { t } = useTranslation();
  const facts = factsOf(item, asked);
  const end = endOf(item, asked.now);
  const isOpen = "isOpen" in item && item.isOpen;
  const { head } = lane;
  return (
    <tr>
      <td>
        {head.kind === "gpu" ? `GPU ${head.index}` : `${fileOf(head, t)}, ${head.id} ${head.name ?? ""}`}
      </td>
      <td>{`${facts.title} ${facts.detail}`}</td>
      <td>{facts.word}</td>
      <td>{item.kind === "lease" ? "" : absolute(item.start)}</td>
      <td>{isOpen || end === Infinity ? "" : absolute(end)}</td>
      <td>{facts.rows.map((said) => said.join(": ")).join("; ")}</td>
      <td>
        <Link to={facts.to} tabIndex={-1}>
          {facts.opens}
        </Link>
      </td>
    </tr>
  );
}
