/** A ring that empties, and the time left; at the end "now". */
import { useTranslation } from "react-i18next";
import { useSecond } from "./now";
import { countdown } from "@/format/time";
import css from "./Countdown.module.css";

/** Until a wall-clock moment of the console; `whole`: how long it was from the beginning, in seconds. */
export function Countdown({ until, whole }: { until: number; whole: number }) {
  const { t } = useTranslation();
  const left = until - useSecond();
  const share = Math.min(1, Math.max(0, left / Math.max(1, whole)));
  return (
    <span className={css.countdown}>
      <span
        className={css.ring}
        style={{ "--share": `${share * 360}deg` } as React.CSSProperties}
        aria-hidden
      />
      <span>{left > 0 ? countdown(left) : t("state.now")}</span>
    </span>
  );
}
