/** How long tasks waited for GPUs: a bar a span of time, longer spans to the right. A bar filters by its span. */
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Spread } from "@/api/types";
import { duration } from "@/format/time";
import { Chart } from "./Chart";
import { mark, rangeName } from "./names";
import { marks, placeOf, roughly, whereIs } from "./scale";
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

/** Lines where half and nine tenths of all have started; the words of both stand at one of them where there is
 * no room between. */
function Shares({ spread }: { spread: Spread }) {
  const { t } = useTranslation();
  const half = spread.median === null ? null : whereIs(spread, spread.median);
  const most = placeOf(spread, 0.9);
  if (!half || !most) return null;
  const left = (place: { bin: number; within: number }) =>
    (100 * (place.bin + place.within)) / spread.bins.length;
  const [first, second] = [left(half), left(most)];
  const [isFirstLeft, isSecondLeft] = [first > WORD, second > 100 - SHORT_WORD];
  const hasRoom = (isFirstLeft && !isSecondLeft) || second - first > WORD;
  const words = [
    t("history.p50", { time: duration(spread.median ?? 0) }),
    t("history.p90", { time: mark(roughly(most.value)) }),
  ];
  return (
    <>
      <Share at={first} isLeft={isFirstLeft} words={hasRoom ? words.slice(0, 1) : isFirstLeft ? words : []} />
      <Share at={second} isLeft={isSecondLeft} words={hasRoom ? words.slice(1) : isFirstLeft ? [] : words} />
    </>
  );
}

/** Percent of the chart's width that such words take at most. */
const WORD = 27;
const SHORT_WORD = 17;

interface ShareProps {
  at: number;
  isLeft: boolean;
  /** A line each. */
  words: readonly string[];
}

function Share({ at, isLeft, words }: ShareProps) {
  return (
    <span className={css.share} style={{ left: `${at}%` }} data-left={isLeft || undefined}>
      <span>{words.join("\n")}</span>
    </span>
  );
}
