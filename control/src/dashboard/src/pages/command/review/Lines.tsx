/** What changes from one text to another one, line by line, in the colours of the editor. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { Fragment, useMemo, useRef, type CSSProperties, type HTMLAttributes, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { anatomy, spansOf, type Anatomy } from "../model/lines";
import { folded, rowsOf, split, type Gap, type Row } from "./lines";
import css from "./Review.module.css";

const ROW = 22;
/** Above that only what is in view is drawn. */
const MANY = 400;

interface Props {
  before: string;
  after: string;
  multi: boolean;
}

export default function Lines({ before, after, multi }: Props) {
  const shown = useMemo(() => folded(rowsOf(before, after)), [before, after]);
  const old = useMemo(() => anatomy(split(before), multi), [before, multi]);
  const now = useMemo(() => anatomy(split(after), multi), [after, multi]);
  const { t } = useTranslation();
  // It scrolls: by keys, too.
  const digits = String(Math.max(old.roles.length, now.roles.length)).length;
  const style = { "--digits": digits } as CSSProperties;
  const reachable = { tabIndex: 0, role: "group", "aria-label": t("command.whatChanges"), style };
  const line = (row: Row | Gap) => <Line row={row} old={old} now={now} />;
  if (shown.length > MANY) return <Virtual rows={shown} line={line} reachable={reachable} />;
  return (
    <div className={css.lines} {...reachable}>
      {shown.map((row, at) => (
        <Fragment key={at}>{line(row)}</Fragment>
      ))}
    </div>
  );
}

interface VirtualProps {
  rows: readonly (Row | Gap)[];
  line: (row: Row | Gap) => ReactNode;
  reachable: HTMLAttributes<HTMLElement>;
}

function Virtual({ rows, line, reachable }: VirtualProps) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  return (
    <div ref={box} className={`${css.lines} ${css.scrolls}`} {...reachable}>
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div key={index} className={css.placed} style={{ transform: `translateY(${start}px)` }}>
            {line(rows[index] as Row | Gap)}
          </div>
        ))}
      </div>
    </div>
  );
}

const SIGN = { same: "", old: "-", new: "+" } as const;

function Line({ row, old, now }: { row: Row | Gap; old: Anatomy; now: Anatomy }) {
  const { t } = useTranslation();
  if (row.kind === "gap")
    return <div className={css.gap}>{t("command.unchanged", { count: row.lines })}</div>;
  const role = row.new === null ? old.roles[(row.old ?? 1) - 1] : now.roles[row.new - 1];
  return (
    <div className={css.line} data-kind={row.kind}>
      <span className={css.number}>{row.old}</span>
      <span className={css.number}>{row.new}</span>
      <span className={css.sign}>{SIGN[row.kind]}</span>
      <code>{coloured(row.text, role ?? "blank")}</code>
    </div>
  );
}

function coloured(text: string, role: Anatomy["roles"][number]): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { from, to, ink } of spansOf(text, role)) {
    if (from > at) parts.push(text.slice(at, from));
    parts.push(
      <span key={from} data-ink={ink}>
        {text.slice(from, to)}
      </span>,
    );
    at = to;
  }
  parts.push(text.slice(at));
  return parts;
}
