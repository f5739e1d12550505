/** A small chart's card: its title, what its marks mean, and an axis below. */
import type { ReactNode } from "react";
import css from "./Charts.module.css";

interface Props {
  title: string;
  how: ReactNode;
  empty?: string | undefined;
  children: ReactNode;
}

export function Chart({ title, how, empty, children }: Props) {
  return (
    <section className={`card ${css.chart}`} aria-label={title}>
      <div className={css.head}>
        <h2 className={css.title}>{title}</h2>
        <span className={`t3 ${css.how}`}>{how}</span>
      </div>
      {empty ? <div className={`t3 ${css.empty}`}>{empty}</div> : children}
    </section>
  );
}

/** Lines and numbers at round marks, for rows that lie above it. */
export function Axis({ at, label }: { at: readonly number[]; label: (value: number) => string }) {
  const most = at.at(-1) ?? 1;
  return (
    <div className={css.axis} aria-hidden>
      {at.map((value) => (
        <span key={value} className={css.mark} style={{ left: `${(100 * value) / most}%` }}>
          <span className={css.markWord}>{label(value)}</span>
        </span>
      ))}
    </div>
  );
}
