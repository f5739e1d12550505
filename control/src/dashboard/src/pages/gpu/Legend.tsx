/** What the colours of the bars and the lines of the curves mean. */
import { useTranslation } from "react-i18next";
import css from "./Legend.module.css";

const SHARES = ["ownUsed", "ownPromised", "ownStrays", "otherLeases", "otherPeople", "freeMemory"] as const;
const LINES = ["use", "memory"] as const;

/** `strays`: somewhere there is what most machines have nowhere. */
export function Legend({ curves, strays }: { curves: boolean; strays: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={css.legend} role="group" aria-label={t("gpu.legend")}>
      {SHARES.filter((share) => strays || share !== "ownStrays").map((share) => (
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
