/** What is pointed at, in words. */
import { StateIcon } from "@/parts/TaskState";
import type { Hit } from "./place";
import type { Facts } from "./told";
import css from "./Timeline.module.css";

const WIDTH = 288;
const AWAY = 8;

interface Props {
  facts: Facts;
  hit: Hit & { y: number; h: number };
  x: number;
  isAbove: boolean;
  width: number;
}

export function Tip({ facts, hit, x, isAbove, width }: Props) {
  const top = hit.placed.top + (isAbove ? hit.y - AWAY : hit.y + hit.h + AWAY);
  const left = Math.max(4, Math.min(x + AWAY, width - WIDTH - 4));
  return (
    <div className={css.tip} data-above={isAbove || undefined} style={{ top, left }} aria-hidden>
      <div className={css.tipHead}>
        {facts.state && <StateIcon state={facts.state} />}
        <span className="strong cut" style={{ color: facts.state ? `var(--gl-${facts.state})` : undefined }}>
          {facts.word}
        </span>
        <span className={css.tipTitle}>
          <span className="strong">{facts.title}</span> <span className="t3">{facts.detail}</span>
        </span>
      </div>
      <dl className={css.tipRows}>
        {facts.rows.map(([label, value]) => (
          <div key={label}>
            <dt className="t3">{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className={`t3 ${css.tipFoot}`}>
        <kbd>Enter</kbd> {facts.opens}
      </div>
    </div>
  );
}
