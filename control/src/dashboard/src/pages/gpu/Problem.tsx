/** Why the driver says nothing, above what it said last. */
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Gpus } from "@/api/types";
import { clockSeconds } from "@/format/time";
import { answered } from "@/words/answers";
import css from "./Gpu.module.css";

export function Problem({ gpus }: { gpus: Gpus }) {
  const { t } = useTranslation();
  if (gpus.problem === null) return null;
  // Where all cards are simulated the driver is not asked for them: then it is no trouble.
  const isTrouble = gpus.cards.some((card) => !card.simulated);
  const Icon = isTrouble ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={css.problem} data-trouble={isTrouble || undefined} role={isTrouble ? "alert" : undefined}>
      <Icon size={14} stroke={1.75} aria-hidden />
      <span>
        {answered(gpus.problem)} {isTrouble && t("gpu.asOf", { at: clockSeconds(gpus.looked_at) })}
      </span>
    </div>
  );
}
