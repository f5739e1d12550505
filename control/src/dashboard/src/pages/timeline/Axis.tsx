import { clock } from "@/format/time";
import type { Tick } from "./ticks";
import type { Scale } from "./view";
import css from "./Timeline.module.css";

/** Nearer to now than this, a time would lie below its plate. */
const ROOM = 46;

/** Nearer to an end, half of it would be cut off. */
const EDGE = 20;

export function Axis({ scale, ticks, now }: { scale: Scale; ticks: readonly Tick[]; now: number }) {
  const here = scale.x(now);
  return (
    <div className={css.axis} aria-hidden>
      <div className={css.corner} />
      <div className={css.times}>
        {ticks.map(({ at, label, isDay }) => {
          const x = scale.x(at);
          return (
            Math.abs(x - here) > ROOM &&
            x > EDGE &&
            x < scale.width - EDGE && (
              <span key={at} className={`${css.tick} ${isDay ? css.day : ""}`} style={{ left: x }}>
                {label}
              </span>
            )
          );
        })}
        {here >= 0 && here <= scale.width && (
          <span className={css.nowPlate} style={{ left: Math.min(here, scale.width - 24) }}>
            {clock(now, now)}
          </span>
        )}
      </div>
    </div>
  );
}
