/** How long tasks waited for GPUs: a bar a span of time, longer spans to the right. A bar filters by its span. */
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Spread } from "@/api/types";
import { duration } from "@/format/time";
import { Chart } from "./Chart";
import { mark, rangeName } from "./names";
import { marks, placeOf, whereIs } from "./scale";
import css from "./Charts.module.css";

interface Props {
  spread: Spread | undefined;
  /** Seconds "low-high". */
  chosen: string;
  choose: (range: string) => void;
}

export function WaitChart({ spread, chosen, choose }: Props) {
  const { t } = useTranslation();
  const bins = spread?.bins ?? [];
  const at = marks(Math.max(0, ...bins.map((bin) => bin.count)), "amount", 2);
  const most = at.at(-1) ?? 1;
  // Every second one, where all would not have room.
  const every = bins.length > 7 ? 2 : 1;
  return (
    <Chart
      title={t("history.waits")}
      how={t("history.waitsHow")}
      empty={bins.length ? undefined : t("history.nothingYet")}
    >
      <div className={css.histogram}>
        <div className={css.counts} aria-hidden>
          {at.map((count) => (
            <span key={count} className={css.count} style={{ bottom: `${(100 * count) / most}%` }}>
              <span>{count}</span>
            </span>
          ))}
        </div>
        <div className={css.bars}>
          {bins.map((bin, index) => {
            const range = `${bin.low}-${bin.high ?? ""}`;
            const said = t("history.waitsBar", { range: rangeName(bin, t), count: bin.count });
            return (
              <Tooltip key={bin.low} label={said}>
                <button
                  type="button"
                  className={`plain ${css.bar}`}
                  aria-label={said}
                  aria-pressed={chosen === range}
                  onClick={() => choose(range)}
                >
                  <span className={css.fill} style={{ height: `${(100 * bin.count) / most}%` }} />
                  {index % every === 0 && (
                    <span className={css.low} aria-hidden>
                      {mark(bin.low)}
                    </span>
                  )}
                </button>
              </Tooltip>
            );
          })}
          {spread && <Shares spread={spread} />}
        </div>
      </div>
    </Chart>
  );
}

/** Lines where half and nine tenths of all have started. */
function Shares({ spread }: { spread: Spread }) {
  const { t } = useTranslation();
  const half = spread.median === null ? null : whereIs(spread, spread.median);
  const most = placeOf(spread, 0.9);
  const left = (place: { bin: number; within: number }) =>
    (100 * (place.bin + place.within)) / spread.bins.length;
  const isApart = half && most && left(most) - left(half) > 25;
  return (
    <>
      {half && <Share left={left(half)}>{t("history.p50", { time: duration(spread.median ?? 0) })}</Share>}
      {isApart && <Share left={left(most)}>{t("history.p90", { time: duration(most.value) })}</Share>}
    </>
  );
}

function Share({ left, children }: { left: number; children: string }) {
  return (
    <span className={css.share} style={{ left: `${left}%` }} data-end={left > 70 || undefined}>
      <span>{children}</span>
    </span>
  );
}
