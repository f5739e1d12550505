/** A card's use and memory as curves. They are drawn while they are in sight, by code that is loaded for them. */
import { useComputedColorScheme } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { NoConnection } from "@/api/client";
import type { Card, CardSamples, Gpus } from "@/api/types";
import { clock, clockSeconds } from "@/format/time";
import { linesOf, pointOf, RANGES, spanOf, type Lines, type Range } from "./curves";
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
  const [place, setPlace] = useState<number | null>(null);
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
              <Plot lines={lines} since={since} until={until} scheme={scheme} onPlace={setPlace} />
            </Suspense>
          )
        ) : (
          <Nothing isLoading={isLoading} error={error} />
        )}
      </div>
      <Axis
        lines={lines}
        place={place}
        since={since}
        until={until}
        isLive={isLive && gpus.problem === null}
      />
    </div>
  );
}

function Nothing({ isLoading, error }: { isLoading: boolean; error: Error | null }) {
  const { t } = useTranslation();
  if (isLoading) return null;
  const why = error instanceof NoConnection ? t("errors.noConnection") : error?.message;
  return (
    <span className={`t3 ${css.nothing}`}>{why ? t("gpu.noCurve", { error: why }) : t("gpu.noSamples")}</span>
  );
}

interface AxisProps {
  lines: Lines;
  place: number | null;
  since: number;
  until: number;
  isLive: boolean;
}

/** The first and the last time; under the crosshair its time, and what was then. */
function Axis({ lines, place, since, until, isLive }: AxisProps) {
  const { t } = useTranslation();
  const at = place === null ? undefined : lines.at[place];
  if (place === null || at === undefined)
    return (
      <div className={`t3 ${css.axis}`} aria-hidden>
        <span>{clock(since)}</span>
        <span>{isLive ? t("gpu.now") : clock(until)}</span>
      </div>
    );
  return (
    <div className={css.axis} aria-hidden>
      <span className="t3">{until - since > 3_600 ? clock(at) : clockSeconds(at)}</span>
      <span className="t2">
        {t("gpu.at", { use: percent(lines.use[place]), memory: percent(lines.memory[place]) })}
      </span>
    </div>
  );
}

function percent(value: number | null | undefined): string {
  return value == null ? "–" : `${Math.round(value)}%`;
}

function useSaid(lines: Lines, range: Range): string {
  const { t } = useTranslation();
  const span = (line: readonly (number | null)[]) => {
    const found = spanOf(line);
    return found ? t("gpu.curveSpan", { ...found }) : t("gpu.unknown");
  };
  return t("gpu.curve", { range: t(`gpu.${range}`), use: span(lines.use), memory: span(lines.memory) });
}
