/** Two lines by uPlot; its crosshair is that of all plots of the page. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Lines } from "./curves";
import css from "./Curve.module.css";

interface Props {
  lines: Lines;
  since: number;
  until: number;
  /** Another one has other colours. */
  scheme: "dark" | "light";
  /** Told the crosshair's time; null: it is gone. */
  onTime: (time: number | null) => void;
}

export default function Plot({ lines, since, until, scheme, onTime }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const span = useRef<[number, number]>([since, until]);

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const made = new uPlot(options(parent, span, onTime), [[], [], []], parent);
    plot.current = made;
    const sizes = new ResizeObserver(() => made.setSize(sizeOf(parent)));
    sizes.observe(parent);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = null;
      onTime(null);
    };
  }, [onTime]);

  useEffect(() => {
    span.current = [since, until];
    plot.current?.setData([lines.at, lines.memory, lines.use]);
  }, [lines, since, until]);

  useEffect(() => {
    // The paths stay: putting them together again would undo a span that was set and is not drawn yet.
    plot.current?.redraw(false);
  }, [scheme]);

  return <div ref={box} className={css.box} />;
}

function sizeOf(box: HTMLElement) {
  return { width: box.clientWidth, height: box.clientHeight };
}

/** Read when it is drawn, as it is another one in the other scheme. */
function token(name: string, percent = 100): () => string {
  return () => {
    const color = getComputedStyle(document.documentElement).getPropertyValue(`--gl-${name}`).trim();
    return percent === 100 ? color : `color-mix(in srgb, ${color} ${percent}%, transparent)`;
  };
}

function options(
  box: HTMLElement,
  span: { current: [number, number] },
  onTime: (time: number | null) => void,
): uPlot.Options {
  return {
    ...sizeOf(box),
    padding: [1, 0, 1, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: false },
      sync: { key: "gpus", scales: ["x", null] },
    },
    scales: { x: { range: () => span.current }, y: { range: [0, 100] } },
    axes: [
      { show: false },
      {
        size: 0,
        splits: () => [0, 50, 100],
        values: () => [],
        ticks: { show: false },
        grid: { stroke: token("bd"), width: 1 },
      },
    ],
    series: [
      {},
      { stroke: token("t3"), width: 1, dash: [3, 2], fill: token("s3", 70), points: { show: false } },
      { stroke: token("t1"), width: 1.25, points: { show: false } },
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1;
          onTime(left < 0 ? null : plot.posToVal(left, "x"));
        },
      ],
    },
  };
}
