/** A queue as a strip of cells, one a task; of more than forty tasks one stacked bar. */
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Queue, Status } from "@/api/types";
import { cellsOf } from "./cells";
import css from "./QueueCells.module.css";

const MOST_CELLS = 40;

export const QueueCells = memo(function QueueCells({ queue, name }: { queue: Queue; name: string }) {
  const said = useCounts(name, queue.counts, queue.total);
  if (queue.total > MOST_CELLS) return <CountsBar counts={queue.counts} total={queue.total} said={said} />;
  const size = queue.total > 18 ? css.thin : queue.total > 10 ? css.narrow : css.wide;
  return (
    <span className={`${css.strip} ${size}`} role="img" aria-label={said}>
      {cellsOf(queue).map((state, index) => (
        <span key={index} className={css.cell} data-state={state} />
      ))}
    </span>
  );
});

/** Shares of a whole by state, worst last. */
export function CountsBar(props: { counts: Partial<Record<Status, number>>; total: number; said: string }) {
  const { counts, total, said } = props;
  const shown: Status[] = ["completed", "running", "backoff", "waiting", "held", "failed"];
  return (
    <span className={css.bar} role="img" aria-label={said}>
      {shown.map((state) => {
        const count = counts[state] ?? 0;
        const width = `${(100 * count) / Math.max(1, total)}%`;
        return count > 0 && <span key={state} className={css.part} data-state={state} style={{ width }} />;
      })}
    </span>
  );
}

/** "queue 1 cars: 2 of 12 completed, 1 running". */
function useCounts(name: string, counts: Partial<Record<Status, number>>, total: number): string {
  const { t } = useTranslation();
  const rest = (["running", "backoff", "waiting", "held", "failed", "skipped", "cancelled"] as const)
    .filter((state) => counts[state])
    .map((state) => `${counts[state] ?? 0} ${t(`counted.${state}`)}`);
  const done = `${t("ofTotal", { done: counts.completed ?? 0, total })} ${t("counted.completed")}`;
  return `${name}: ${[done, ...rest].join(t("lists.comma"))}`;
}
