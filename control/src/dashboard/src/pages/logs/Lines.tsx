/** The lines of a log, of which only those in sight are drawn; what is not read yet is read as one comes near. */
import { useMemo, type KeyboardEvent, type Ref, type WheelEvent } from "react";
import { useTranslation } from "react-i18next";
import type { LogMatch } from "@/api/types";
import { count, size as sized } from "@/format/size";
import { EdgeMap } from "./EdgeMap";
import { LineRow, type Seeking } from "./LineRow";
import { columns } from "./lines";
import type { LogReader, Read } from "./reader";
import { useStay, type Going } from "./stay";
import { endOf, rowsOf, startOf, type Row } from "./segments";
import css from "./Lines.module.css";

/** Columns of the widest line that is still scrolled to; the row is folded there anyway. */
const WIDEST = 4_200;
const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);

interface Props {
  reader: LogReader;
  read: Read;
  seeking: Seeking;
  errors: readonly LogMatch[];
  isWrapped: boolean;
  hasTimes: boolean;
  /** The byte at which the line begins that the address names. */
  chosen: number | null;
  choose: (byte: number) => void;
  /** Somebody wants to see what was before: no more jumps to the end. */
  stopFollowing: () => void;
  going: Ref<Going>;
}

export function Lines(props: Props) {
  const { reader, read, seeking, errors, isWrapped, hasTimes, chosen, choose, stopFollowing, going } = props;
  const { t } = useTranslation();
  const { segments, size, isFollowed } = read;
  const rows = useMemo(() => rowsOf(segments, size), [segments, size]);
  const width = useMemo(() => widest(rows), [rows]);
  const digits = String(lastNumber(rows) ?? 99_999).length;
  const stay = useStay({ going, rows, reader, isFollowed });
  const { scroller, virtual } = stay;
  const items = virtual.getVirtualItems();
  const seen = seenOf(rows, items, virtual.scrollOffset ?? 0, virtual.scrollRect?.height ?? 0);
  const up = (event: WheelEvent | KeyboardEvent) => {
    if (isFollowed && ("deltaY" in event ? event.deltaY < 0 : UPWARDS.has(event.key))) stopFollowing();
  };
  const gutter = `${digits + (hasTimes ? 10 : 0)}ch + 48px`;
  return (
    <div className={css.frame} style={{ "--digits": Math.max(4, digits) } as React.CSSProperties}>
      <div
        ref={scroller}
        className={css.scroller}
        data-wrap={isWrapped || undefined}
        role="region"
        aria-label={t("logs.log")}
        tabIndex={0}
        onScroll={stay.scrolled}
        onWheel={up}
        onTouchMove={isFollowed ? stopFollowing : undefined}
        onKeyDown={up}
      >
        <div
          className={css.all}
          style={{
            height: virtual.getTotalSize(),
            width: isWrapped ? "100%" : `calc(${width}ch + ${gutter})`,
          }}
        >
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  ref={isWrapped ? virtual.measureElement : undefined}
                  data-index={item.index}
                  className={css.place}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  {row.kind === "gap" ? (
                    <Gap row={row} isLast={row.to === size} hasTimes={hasTimes} fill={() => stay.fill(row)} />
                  ) : (
                    <LineRow
                      line={row.line}
                      number={row.number}
                      seeking={seeking}
                      hasTimes={hasTimes}
                      isChosen={chosen === row.line.from}
                      choose={choose}
                      t={t}
                    />
                  )}
                </div>
              )
            );
          })}
        </div>
      </div>
      {!rows.length && !read.isLoading && <p className={css.empty}>{t("logs.emptyLog")}</p>}
      <EdgeMap
        errors={errors}
        hits={seeking.matches}
        size={size}
        seen={seen}
        goTo={(byte) => {
          stopFollowing();
          stay.goTo(byte);
        }}
      />
    </div>
  );
}

interface GapProps {
  row: Extract<Row, { kind: "gap" }>;
  isLast: boolean;
  hasTimes: boolean;
  fill: () => void;
}

function Gap({ row, isLast, hasTimes, fill }: GapProps) {
  const { t } = useTranslation();
  const bytes = sized(row.to - row.from);
  return (
    <button type="button" className={`plain ${css.gap}`} onClick={fill}>
      <span className={css.number} aria-hidden>
        ⋯
      </span>
      {hasTimes && <span className={css.time} />}
      <span className={css.text}>
        {isLast
          ? t("logs.gap.more", { size: bytes })
          : row.lines !== null
            ? t("logs.gap.lines", { count: row.lines, lines: count(row.lines) })
            : t("logs.gap.bytes", { size: bytes })}
      </span>
    </button>
  );
}

function lastNumber(rows: readonly Row[]): number | null {
  const last = rows.findLast((row) => row.kind === "line");
  return last?.kind === "line" ? last.number : null;
}

const widths = new WeakMap<object, number>();

function widest(rows: readonly Row[]): number {
  let most = 0;
  for (const row of rows) {
    if (row.kind === "gap") continue;
    let wide = widths.get(row.line);
    if (wide === undefined) widths.set(row.line, (wide = columns(row.line)));
    if (wide > most) most = wide;
  }
  return Math.min(WIDEST, most);
}

function seenOf(
  rows: readonly Row[],
  items: readonly { index: number; start: number; end: number }[],
  top: number,
  height: number,
): [number, number] {
  const inSight = items.filter((item) => item.end > top && item.start < top + height);
  const [first, last] = [rows[inSight[0]?.index ?? 0], rows[inSight.at(-1)?.index ?? 0]];
  return first && last ? [startOf(first), endOf(last)] : [0, 0];
}
