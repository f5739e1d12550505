/** What the colours of the bars and the lines of the curves mean. */
import { useTranslation } from "react-i18next";
import css from "./Legend.module.css";

const SHARES = ["ownUsed", "ownPromised", "otherLeases", "otherPeople", "freeMemory"] as const;
const LINES = ["use", "memory"] as const;

export function Legend({ curves }: { curves: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={css.legend} role="group" aria-label={t("gpu.legend")}>
      {SHARES.map((share) => (
        <span key={share} className={css.entry}>
          <span className={`${css.swatch} ${css[share]}`} aria-hidden />
          {t(`gpu.${share}`)}
        </span>
      ))}
      <span className={css.side}>
        {curves &&
          LINES.map((line) => (
            <span key={line} className={css.entry}>
              <span className={`${css.line} ${css[line]}`} aria-hidden />
              {t(`gpu.${line}`)}
            </span>
          ))}
        <span className="t3">{t("gpu.unit")}</span>
      </span>
    </div>
  );
}
