/** The last day in small, with a brush over what is shown: dragged it moves, at its edges it grows. */
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useCallback, useMemo, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "@/format/time";
import { Canvas } from "./Canvas";
import type { Colors } from "./colors";
import { drawOverview } from "./drawOverview";
import type { Lanes } from "./lanes";
import { overviewOf } from "./overviewRange";
import type { Answer } from "./useTimeline";
import type { Viewed } from "./useView";
import { moved, Scale, type View } from "./view";
import css from "./Timeline.module.css";

const HEIGHT = 36;
const EDGE = 8;
const LEAST = 60;
type Grip = "whole" | "left" | "right";

interface Props {
  answer: Answer;
  lanes: Lanes;
  viewed: Viewed;
  now: number;
  colors: Colors;
}

export function Overview({ answer, lanes, viewed, now, colors }: Props) {
  const { t } = useTranslation();
  const { ref: sized, width } = useElementSize();
  const box = useRef<HTMLDivElement>(null);
  const boxRef = useMergedRef(sized, box);
  const { view, change } = viewed;
  const { range, isLastDay } = overviewOf(view, now);
  const { from, span } = range;
  const scale = useMemo(() => new Scale({ from, span }, Math.max(1, width)), [from, span, width]);
  const shown = lanes.gpus.length ? lanes.gpus : lanes.queues;
  const paint = useCallback(
    (to: CanvasRenderingContext2D, ratio: number) => {
      drawOverview(to, { lanes: shown, scale, height: HEIGHT, now: answer.now, colors }, ratio);
    },
    [shown, scale, answer, colors],
  );
  const held = useRef<{ grip: Grip; at: number; view: View } | null>(null);

  const down = (event: PointerEvent) => {
    const x = event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
    const [left, right] = [scale.x(view.from), scale.x(view.from + view.span)];
    const at = scale.time(x);
    // Within the brush it is held where it is; beside it, it comes to be there.
    const isIn = x >= left - EDGE && x <= right + EDGE;
    const grip = !isIn ? "whole" : gripOf(x, left, right);
    const begun = isIn ? view : moved(view, at - view.from - view.span / 2, now);
    held.current = { grip, at, view: begun };
    event.currentTarget.setPointerCapture(event.pointerId);
    if (!isIn) change(() => begun);
  };
  const move = (event: PointerEvent) => {
    const from = held.current;
    if (!from) return;
    const x = event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
    change(() => dragged(from.grip, from.view, scale.time(x) - from.at, now));
  };
  const byKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -0.1, ArrowRight: 0.1, PageUp: -1, PageDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    change((before) => moved(before, step * before.span, now));
  };
  const words = t("timeline.range", { from: clock(view.from, now), to: clock(view.from + view.span, now) });
  return (
    <div className={css.overview}>
      <div className={`t3 ${css.corner} ${css.overviewName}`}>
        {isLastDay ? t("timeline.overview") : t("timeline.overviewLong")}
      </div>
      <div
        ref={boxRef}
        className={css.overviewBox}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={() => (held.current = null)}
        onPointerCancel={() => (held.current = null)}
      >
        <Canvas width={width} height={HEIGHT} className={css.overviewCanvas} paint={paint} />
        <div
          className={css.brush}
          role="slider"
          tabIndex={0}
          aria-label={t("timeline.overviewAria")}
          aria-valuemin={Math.round(from)}
          aria-valuemax={Math.round(from + span)}
          aria-valuenow={Math.round(view.from)}
          aria-valuetext={words}
          style={{
            transform: `translateX(${scale.x(view.from)}px)`,
            width: Math.max(4, scale.x(view.from + view.span) - scale.x(view.from)),
          }}
          onKeyDown={byKey}
        />
      </div>
    </div>
  );
}

function gripOf(x: number, left: number, right: number): Grip {
  if (right - left < 4 * EDGE) return "whole";
  if (x < left + EDGE) return "left";
  return x > right - EDGE ? "right" : "whole";
}

function dragged(grip: Grip, view: View, by: number, now: number): View {
  if (grip === "whole") return moved(view, by, now);
  const span = Math.max(LEAST, view.span + (grip === "left" ? -by : by));
  return { from: grip === "left" ? view.from + view.span - span : view.from, span };
}
