/** What somebody has on a card: "python, 3/1 resnet50", "vllm, 2 d 4 h", "lease, queue 2". */
import { useTranslation } from "react-i18next";
import { measuredGb } from "@/format/memory";
import { duration } from "@/format/time";
import { useSecond } from "@/parts/now";
import type { Row } from "./rows";

export function What({ row }: { row: Row }) {
  const { t } = useTranslation();
  const { what } = row;
  if (what.kind === "lease")
    return (
      <>
        {t("gpu.lease", { label: row.lease })}
        {what.whole && <span className="t3">, {t("gpu.wholeCard")}</span>}
      </>
    );
  const task = [row.task, row.name].filter(Boolean).join(" ");
  if (what.kind === "task") return task;
  return (
    <>
      <span className="mono">{what.command}</span>
      {task && <span className="t3">, {task}</span>}
      {row.lease !== null && <span className="t3">, {t("gpu.lease", { label: row.lease })}</span>}
      {row.isStray && <span className="t3">, {t("gpu.noTask")}</span>}
      {!what.compute && <span className="t3">, {t("gpu.graphics")}</span>}
      {!row.isOurs && row.since !== null && <Age since={row.since} />}
    </>
  );
}

/** How much of it: in use, or quieter and with the word what is only promised. */
export function Amount({ row: { gb, isPromised } }: { row: Row }) {
  const { t } = useTranslation();
  if (gb === null) return <span className="t3">–</span>;
  const memory = measuredGb(gb);
  return isPromised ? <span className="t3">{t("gpu.promisedGb", { memory })}</span> : `${memory} GB`;
}

function Age({ since }: { since: number }) {
  return <span className="t3">, {duration(useSecond() - since)}</span>;
}
