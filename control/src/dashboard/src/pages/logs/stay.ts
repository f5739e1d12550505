/** Where one is in a log stays in sight when lines are read before it; at its end, while it is followed. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useImperativeHandle, useLayoutEffect, useRef, type Ref } from "react";
import type { LogReader } from "./reader";
import { rowAt, startOf, type Row } from "./segments";

export interface Going {
  /** To the line that a byte of the file is in. */
  goTo: (byte: number) => void;
}

const HEIGHT = 20;
const PADDING = 8;
const OVERSCAN = 12;
/** Rows from a gap at which it begins to be read. */
const NEAR = 600;

interface Props {
  going: Ref<Going>;
  rows: readonly Row[];
  reader: LogReader;
  isFollowed: boolean;
}

export function useStay({ going, rows, reader, isFollowed }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    getItemKey: useCallback((index: number) => keyOf(rows[index]), [rows]),
    overscan: OVERSCAN,
    paddingStart: PADDING,
    paddingEnd: PADDING,
  });
  const height = virtual.scrollRect?.height;
  /** The first row in sight, and how far it is above the edge. */
  const kept = useRef({ byte: 0, by: 0, isEnd: true });
  const pending = useRef<number | null>(null);

  const keep = () => {
    const box = scroller.current;
    const item = box && virtual.getVirtualItemForOffset(box.scrollTop);
    const row = item && rows[item.index];
    if (!row) return;
    const isEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 2;
    kept.current = { byte: startOf(row), by: box.scrollTop - item.start, isEnd };
  };

  /** To where one wanted to go, if that is read by now. */
  const settle = () => {
    if (!scroller.current || pending.current === null) return false;
    const index = rowAt(rows, pending.current);
    if (rows[index]?.kind !== "line") return false;
    pending.current = null;
    virtual.scrollToIndex(index, { align: "center" });
    keep();
    kept.current.isEnd = false;
    return true;
  };

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || !rows.length || settle()) return;
    const { byte, by, isEnd } = kept.current;
    const item = virtual.measurementsCache[rowAt(rows, byte)];
    const top = isFollowed || isEnd ? box.scrollHeight : item ? item.start + by : box.scrollTop;
    if (Math.abs(top - box.scrollTop) > 0.5) box.scrollTo({ top });
    // When rows come or go, or the room for them changes: heights that are measured are the list's own business.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [rows, isFollowed, height]);

  const goTo = (byte: number) => {
    pending.current = byte;
    kept.current.isEnd = false;
    if (!settle()) void reader.goTo(byte);
  };
  useImperativeHandle(going, () => ({ goTo }));

  const fill = (gap: { from: number; to: number }) => {
    void reader.fill(gap, gap.to < reader.snapshot().size);
  };

  const scrolled = () => {
    keep();
    const box = scroller.current;
    if (!box || !rows.length) return;
    const at = (offset: number) => virtual.getVirtualItemForOffset(offset)?.index ?? 0;
    const [first, last] = [at(box.scrollTop), at(box.scrollTop + box.clientHeight)];
    const middle = rows[(first + last) >> 1];
    if (middle) reader.look(startOf(middle));
    for (let index = Math.max(0, first - NEAR); index <= Math.min(rows.length - 1, last + NEAR); index += 1) {
      const row = rows[index];
      // What stands above is read from its end, as one comes from below.
      if (row?.kind === "gap") void reader.fill(row, index <= (first + last) / 2 && index > 0);
    }
  };
  return { scroller, virtual, scrolled, goTo, fill };
}

function keyOf(row: Row | undefined): string {
  return row ? `${row.kind === "gap" ? "g" : ""}${startOf(row)}` : "";
}
