/** A page's head: its title, one sentence of facts, and at the right filters and actions. */
import type { ReactNode } from "react";
import css from "./Page.module.css";

interface Props {
  title: string;
  facts?: ReactNode;
  right?: ReactNode;
  /** Without the padding of cards: panes and canvases fill it. */
  full?: boolean;
  children: ReactNode;
}

export function Page({ title, facts, right, full, children }: Props) {
  return (
    <main id="page" className={`${css.page} ${full ? css.full : ""}`} tabIndex={-1}>
      <div className={css.head}>
        <h1 className={css.title}>{title}</h1>
        <div className={`t3 ${css.facts}`}>{facts}</div>
        <div className={css.right}>{right}</div>
      </div>
      {children}
    </main>
  );
}
