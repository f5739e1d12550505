/** What tasks declare against what they were seen to use, and what would do. */
import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { MemoryFigures, QueueFigures } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { MemoryBar } from "@/parts/MemoryBar";
import { keyOf, tooLittle, tooMuch } from "./attempts";
import type { Say } from "./data";
import { queueName, shortFile } from "./names";
import css from "./History.module.css";

interface Props {
  figures: readonly MemoryFigures[];
  queues: readonly QueueFigures[];
  say: Say;
}

export function MemoryTable({ figures, queues, say }: Props) {
  const { t } = useTranslation();
  if (!figures.length) return <div className={`card t2 ${css.note}`}>{t("history.notMeasured")}</div>;
  const names = new Map(queues.map((one) => [keyOf(one.command_file, one.queue_id), one.queue_name]));
  // First what broke, then what asks for the most too much.
  const ordered = [...figures].sort((one, other) => worth(other) - worth(one));
  return (
    <div className={`card ${css.scroll}`}>
      <Table className={css.plainTable ?? ""} aria-label={t("history.viewMemory")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("history.queue")}</Table.Th>
            <Table.Th>{t("history.task")}</Table.Th>
            <Table.Th className="number">{t("history.measured")}</Table.Th>
            <Table.Th className="number">{t("history.median")}</Table.Th>
            <Table.Th className="number">{t("history.peakDeclared")}</Table.Th>
            <Table.Th className={css.wide ?? ""}>
              <span className="hidden-words">{t("history.memory")}</span>
            </Table.Th>
            <Table.Th>{t("history.suggestion")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ordered.map((one) => {
            const key = keyOf(one.command_file, one.queue_id);
            return (
              <Table.Tr key={`${key} ${one.key}`}>
                <Table.Td title={shortFile(one.command_file, t)}>
                  {queueName(one.queue_id, names.get(key) ?? null, t)}
                </Table.Td>
                <Table.Td className={css.taskCell ?? ""}>
                  <button
                    type="button"
                    className={`plain ${css.taskName}`}
                    title={one.commands.slice(0, 300)}
                    onClick={() => say({ task: one.key, view: "" })}
                  >
                    {one.name ?? one.commands.split("\n")[0]}
                  </button>
                </Table.Td>
                <Table.Td className="number t2">{one.measured}</Table.Td>
                <Table.Td className="number t2">{measuredGb(one.peak_median_gb)} GB</Table.Td>
                <Table.Td className="number">
                  {measuredGb(one.peak_gb)}{" "}
                  <span className="t3">
                    / {one.declared_gb === null ? t("history.whole") : `${gb(one.declared_gb)} GB`}
                  </span>
                </Table.Td>
                <Table.Td className={css.wide ?? ""}>
                  {one.declared_gb !== null && (
                    <MemoryBar
                      thin
                      total={Math.max(one.declared_gb, one.peak_gb)}
                      parts={{ own: one.peak_gb, promised: 0, strays: 0, leases: 0, people: 0 }}
                      said={`${measuredGb(one.peak_gb)} / ${gb(one.declared_gb)} GB`}
                    />
                  )}
                </Table.Td>
                <Table.Td>
                  <Suggestion one={one} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function worth(one: MemoryFigures): number {
  return tooLittle(one) ? 1e6 + one.needed_gb : tooMuch(one);
}

function Suggestion({ one }: { one: MemoryFigures }) {
  const { t } = useTranslation();
  const less = tooMuch(one);
  const declare =
    one.suggested_gb === null ? t("history.wholeCard") : t("history.declare", { gb: gb(one.suggested_gb) });
  if (tooLittle(one))
    return (
      <>
        {declare} <span className={css.broke}>{t("history.needs", { gb: measuredGb(one.needed_gb) })}</span>
      </>
    );
  if (less)
    return (
      <>
        {declare} <span className="t3">{t("history.frees", { gb: measuredGb(less) })}</span>
      </>
    );
  return <span className="t3">{t("history.fits")}</span>;
}
