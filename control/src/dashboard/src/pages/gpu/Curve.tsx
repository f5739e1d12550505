/** A card's use and memory as curves. They are drawn while they are in sight, by code that is loaded for them. */
import { useComputedColorScheme } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Card, CardSamples, Gpus } from "@/api/types";
import { clock, clockSeconds } from "@/format/time";
import { refusalText } from "@/words/refused";
import { linesAt, linesOf, pointOf, RANGES, spanOf, type Lines, type Range } from "./curves";
import css from "./Curve.module.css";

const load = () => import("./Plot");
const Plot = lazy(load);
// On its way while the samples are.
void load();

export interface CurveProps {
  card: Card;
  gpus: Gpus;
  range: Range;
  samples: CardSamples | undefined;
  isLoading: boolean;
  error: Error | null;
  isLive: boolean;
}

export function Curve({ card, gpus, range, samples, isLoading, error, isLive }: CurveProps) {
  const scheme = useComputedColorScheme("dark");
  const { ref, entry } = useIntersection<HTMLDivElement>({ rootMargin: "200px" });
  const [time, setTime] = useState<number | null>(null);
  const lines = useMemo(() => linesOf(samples, pointOf(card, gpus), range), [samples, card, gpus, range]);
  const until = gpus.now;
  const since = until - RANGES[range].seconds;
  const said = useSaid(lines, range);
  return (
    <div className={css.curve}>
      <div ref={ref} className={css.plot} role="img" aria-label={said}>
        {lines.at.length > 1 ? (
          entry?.isIntersecting && (
            <Suspense>
              <Plot lines={lines} since={since} until={until} scheme={scheme} onTime={setTime} />
            </Suspense>
          )
        ) : (
          <Nothing isLoading={isLoading} error={error} />
        )}
      </div>
      <Axis
        lines={lines}
        range={range}
        time={time}
        since={since}
        until={until}
        isLive={isLive && (card.simulated || gpus.problem === null)}
      />
    </div>
  );
}

function Nothing({ isLoading, error }: { isLoading: boolean; error: Error | null }) {
  const { t } = useTranslation();
  if (isLoading) return null;
  const why = error && refusalText(error);
  return (
    <span className={`t3 ${css.nothing}`}>{why ? t("gpu.noCurve", { error: why }) : t("gpu.noSamples")}</span>
  );
}

interface AxisProps {
  lines: Lines;
  range: Range;
  time: number | null;
  since: number;
  until: number;
  isLive: boolean;
}

/** The first and the last time; under the crosshair its time, and what was then. */
function Axis({ lines, range, time, since, until, isLive }: AxisProps) {
  const { t } = useTranslation();
  if (time === null)
    return (
      <div className={`t3 ${css.axis}`} aria-hidden>
        <span>{clock(since)}</span>
        <span>{isLive ? t("gpu.now") : clock(until)}</span>
      </div>
    );
  const { use, memory } = linesAt(lines, time, range);
  return (
    <div className={css.axis} aria-hidden>
      <span className="t3">{range === "1h" ? clockSeconds(time) : clock(time)}</span>
      <span className="t2">{t("gpu.at", { use: percent(use), memory: percent(memory) })}</span>
    </div>
  );
}

function percent(value: number | null): string {
  return value === null ? "–" : `${Math.round(value)}%`;
}

function useSaid(lines: Lines, range: Range): string {
  const { t } = useTranslation();
  const span = (line: readonly (number | null)[]) => {
    const found = spanOf(line);
    return found ? t("gpu.curveSpan", { ...found }) : t("gpu.unknown");
  };
  return t("gpu.curve", { range: t(`gpu.${range}`), use: span(lines.use), memory: span(lines.memory) });
}
