/** The lanes: an axis above, their names at the left, bars on a canvas, and below an overview of it all. */
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useCallback, useDeferredValue, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useKnown } from "@/api/live";
import { Axis } from "./Axis";
import { BarTable } from "./BarTable";
import { Canvas } from "./Canvas";
import { useColors } from "./colors";
import { draw } from "./draw";
import type { Lanes } from "./lanes";
import { LaneNames } from "./LaneNames";
import { Overview } from "./Overview";
import { isEmpty, placed, within } from "./place";
import { textsOf } from "./texts";
import { ticksOf } from "./ticks";
import { Tip } from "./Tip";
import { factsOf } from "./told";
import { useInSight } from "./useInSight";
import { usePointing } from "./usePointing";
import { useUsers } from "./useUsers";
import type { Answer } from "./useTimeline";
import type { Viewed } from "./useView";
import { Scale } from "./view";
import css from "./Timeline.module.css";

interface Props {
  /** All of them, as those have them who do not see the picture. */
  lanes: Lanes;
  /** With 400 pixels, one set of lanes at a time. */
  only: "gpu" | "queue" | null;
  answer: Answer;
  viewed: Viewed;
  now: number;
}

export function Chart({ lanes, only, answer, viewed, now }: Props) {
  const { t, i18n } = useTranslation();
  const { schedulers } = useKnown();
  const colors = useColors();
  const users = useUsers(answer, now);
  const { ref: sized, width } = useElementSize();
  const plot = useRef<HTMLDivElement>(null);
  const plotRef = useMergedRef(sized, plot);
  const { view, change } = viewed;
  const scale = useMemo(() => new Scale(view, Math.max(1, width)), [view, width]);
  const { all, height } = useMemo(
    () => placed(only === "queue" ? [] : lanes.gpus, only === "gpu" ? [] : lanes.queues),
    [lanes, only],
  );
  const sight = useInSight(plot, height);
  const seen = useMemo(() => within(all, sight.top, sight.top + sight.height), [all, sight]);
  const isBare = useMemo(() => isEmpty(all, scale), [all, scale]);
  const told = useMemo(
    () => ({ t, schedulers, users, language: i18n.language }),
    [t, i18n.language, schedulers, users],
  );
  const heads = useMemo(() => lanes.gpus.flatMap(({ head }) => (head.kind === "gpu" ? head : [])), [lanes]);
  const ticks = useMemo(() => ticksOf(scale, (at) => dayOf(at, i18n.language)), [scale, i18n.language]);
  const asked = { ...told, now, gpus: heads };
  const { hit, pointed, isDragging, byKey, leave } = usePointing({
    plot,
    all,
    seen,
    scale,
    now,
    change,
    asked,
  });
  const item = hit?.slot.item ?? null;

  const paint = useCallback(
    (to: CanvasRenderingContext2D, ratio: number) => {
      const texts = textsOf(told, now);
      const times = ticks.map((tick) => tick.at);
      draw(to, { scale, now, lanes: seen, ...sight, ticks: times, colors, texts, pointed: item }, ratio);
    },
    [scale, now, seen, sight, ticks, colors, told, item],
  );

  const facts = item && factsOf(item, asked);
  const later = useDeferredValue(viewed.isMoving ? null : scale);
  return (
    <div className={css.chart}>
      <Axis scale={scale} ticks={ticks} now={now} />
      <div className={css.body} style={{ height }}>
        <LaneNames placed={seen} schedulers={schedulers} isNarrow={only !== null} />
        <div
          ref={plotRef}
          className={css.plot}
          // Arrow keys are its own; who reads with a screen reader has the table.
          role="application"
          aria-label={t("timeline.chart")}
          tabIndex={0}
          data-dragging={isDragging || undefined}
          data-hit={hit ? true : undefined}
          onKeyDown={byKey}
          onBlur={leave}
        >
          <NowLine scale={scale} now={now} />
          <Canvas {...sight} width={width} className={css.canvas} paint={paint} />
          {isBare && <div className={`t3 ${css.bare}`}>{t("timeline.nothing")}</div>}
          {facts && hit && !isDragging && (
            <Tip
              facts={facts}
              hit={hit}
              x={pointed?.x ?? 0}
              isAbove={pointed?.isAbove ?? false}
              width={width}
            />
          )}
        </div>
      </div>
      <Overview answer={answer} lanes={lanes} viewed={viewed} now={now} colors={colors} />
      <div role="status" className="hidden-words">
        {pointed?.isKey &&
          facts &&
          [facts.word, facts.title, ...facts.rows.map((row) => row.join(" "))].join(" ")}
      </div>
      <BarTable lanes={lanes} scale={later} asked={asked} />
    </div>
  );
}

function NowLine({ scale, now }: { scale: Scale; now: number }) {
  const x = scale.x(now);
  if (x < 0 || x > scale.width) return null;
  return <div className={css.nowLine} style={{ transform: `translateX(${Math.round(x)}px)` }} />;
}

function dayOf(at: number, language: string): string {
  const date = new Date(at * 1000);
  return language === "zh"
    ? `${date.getMonth() + 1} 月 ${date.getDate()} 日`
    : `${date.getDate()} ${date.toLocaleString("en", { month: "short" })}`;
}
