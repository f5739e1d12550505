/** The right edge: where in the whole file errors, hits and what is seen are. A press leads there. */
import { useElementSize } from "@mantine/hooks";
import { useMemo, useRef, type PointerEvent } from "react";
import type { LogMatch } from "@/api/types";
import { ticks } from "./edge";
import css from "./Lines.module.css";

interface Props {
  errors: readonly LogMatch[];
  hits: readonly LogMatch[];
  size: number;
  /** What is seen: its first byte, and that behind the last. */
  seen: readonly [number, number];
  goTo: (byte: number) => void;
}

const TICK = 3;

/** Not for the keyboard: E and the search lead to the same places, and the lines scroll. */
export function EdgeMap({ errors, hits, size, seen, goTo }: Props) {
  const { ref, height } = useElementSize<HTMLDivElement>();
  const slots = Math.max(1, Math.floor(height / TICK));
  const marks = useMemo(() => {
    const of = (kind: "error" | "hit", all: readonly LogMatch[]) =>
      ticks(
        all.map((one) => one.from),
        size,
        slots,
      ).map(({ at }) => ({ kind, at }));
    return [...of("error", errors), ...of("hit", hits)];
  }, [errors, hits, size, slots]);
  const asked = useRef(-1);
  const press = (event: PointerEvent<HTMLDivElement>) => {
    if (!(event.buttons & 1) || !height) return;
    const box = event.currentTarget.getBoundingClientRect();
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    const share = Math.min(1, Math.max(0, (event.clientY - box.top) / height));
    const byte = Math.floor(share * size);
    if (byte === asked.current) return;
    asked.current = byte;
    goTo(Math.min(byte, Math.max(0, size - 1)));
  };
  const percent = (byte: number) => `${size ? Math.min(100, (100 * byte) / size) : 0}%`;
  return (
    <div ref={ref} className={css.map} aria-hidden onPointerDown={press} onPointerMove={press}>
      {(seen[0] > 0 || seen[1] < size) && (
        <span
          className={css.view}
          style={{
            top: `min(${percent(seen[0])}, 100% - 12px)`,
            height: `calc(${percent(seen[1])} - ${percent(seen[0])})`,
          }}
        />
      )}
      {marks.map(({ kind, at }) => (
        <span key={`${kind}${at}`} className={css.tick} data-kind={kind} style={{ top: `${100 * at}%` }} />
      ))}
    </div>
  );
}
