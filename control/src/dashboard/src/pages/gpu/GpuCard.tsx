/** One GPU: what could be had of it, who has what, how busy it is, and who is on it. */
import { Tooltip } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Card, Gpus, GpuProcess } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { MemoryLegend } from "@/parts/MemoryBar";
import { CardBar } from "./CardBar";
import { Curve, type CurveProps } from "./Curve";
import { Notes } from "./Notes";
import { isHot } from "./notes";
import { OnSwitch } from "./OnSwitch";
import { toggled, type Say } from "./parameters";
import { Processes } from "./Processes";
import { rowsOf } from "./rows";
import { modelOf, sharesOf } from "./shares";
import { StandingLine } from "./StandingLine";
import { cardOf, standingOf } from "./standing";
import css from "./GpuCard.module.css";

interface Props extends CurveProps {
  processes: readonly GpuProcess[];
  user: string;
  isMarked: boolean;
  isOpen: boolean;
  say: Say;
  /** Cards of which all rows are listed, as in the address. */
  more: string;
}

/** Drawn again when the cards are told, and not with each word of a scheduler. */
export const GpuCard = memo(function GpuCard(props: Props) {
  const { t } = useTranslation();
  const { card, gpus, processes, isMarked, say } = props;
  const name = t("gpu.gpu", { index: card.index });
  const rows = rowsOf(card, processes, props.user);
  const known = card.health === "ok";
  return (
    <section
      id={`gpu-${card.uuid}`}
      tabIndex={-1}
      className={`card ${css.card}`}
      data-marked={isMarked || undefined}
      aria-label={`${name}, ${card.name}`}
    >
      <div className={css.head}>
        <h2 className={css.title}>
          <button
            type="button"
            className="plain"
            aria-pressed={isMarked}
            title={t("gpu.mark", { index: card.index })}
            onClick={() => say({ gpu: isMarked ? "" : nameIn(gpus, card) })}
          >
            {name}
          </button>
        </h2>
        <Tooltip label={`${card.name} · ${card.uuid}`}>
          <span className={`t3 cut ${css.model}`}>{modelOf(card)}</span>
        </Tooltip>
        <OnSwitch card={card} words />
      </div>
      <div className={css.free}>
        <Tooltip label={t("gpu.gbFreeTip", { margin: gb(gpus.memory_margin_gb) })}>
          <span className={css.amount}>
            <b className={css.number}>{known ? measuredGb(card.free_gb) : "–"}</b>
            <span className="t3">{t("gpu.gbFree")}</span>
          </span>
        </Tooltip>
        <StandingLine standing={standingOf(card, processes, gpus.allowance)} />
      </div>
      <CardBar card={card} processes={processes} margin={known ? gpus.memory_margin_gb : 0} />
      <div className={css.shares}>
        <MemoryLegend parts={sharesOf(card, processes)} none={t(known ? "gpu.nothing" : "gpu.unknown")} />
      </div>
      <Stats card={card} />
      <Curve
        card={card}
        gpus={gpus}
        range={props.range}
        samples={props.samples}
        isLoading={props.isLoading}
        error={props.error}
        isLive={props.isLive}
      />
      <Processes
        card={card}
        rows={rows}
        isOpen={props.isOpen}
        toggle={() => say({ more: toggled(props.more, card.uuid) })}
      />
      <Notes card={card} processes={processes} allowance={gpus.allowance} hasRows={rows.length > 0} />
    </section>
  );
});

/** What an address calls it: by its index, unless that is another card's as well. */
function nameIn(gpus: Gpus, card: Card): string {
  return cardOf(gpus.cards, card.index) === card ? card.index : card.uuid;
}

function Stats({ card }: { card: Card }) {
  const { t } = useTranslation();
  const limit =
    card.power_w !== null && card.power_limit_w !== null
      ? t("gpu.powerOf", { power: Math.round(card.power_w), limit: Math.round(card.power_limit_w) })
      : null;
  return (
    <dl className={css.stats}>
      <Stat label={t("gpu.stats.use")} value={card.use} unit="%" />
      <Stat label={t("gpu.stats.temperature")} value={card.temperature_c} unit=" °C" isHot={isHot(card)} />
      <Stat label={t("gpu.stats.power")} value={card.power_w} unit=" W" tip={limit} isPale />
    </dl>
  );
}

interface StatProps {
  label: string;
  value: number | null;
  unit: string;
  tip?: string | null;
  isHot?: boolean;
  /** The unit is no part of the value: "287 W". */
  isPale?: boolean;
}

function Stat({ label, value, unit, tip, isHot, isPale }: StatProps) {
  const { t } = useTranslation();
  return (
    <Tooltip label={tip ?? t("gpu.stats.silent")} disabled={value !== null && !tip}>
      <div className={css.stat} data-hot={isHot || undefined}>
        <dt>{label}</dt>{" "}
        <dd>
          {value === null ? "–" : Math.round(value)}
          {value !== null && <span className={isPale ? css.unit : undefined}>{unit}</span>}
        </dd>
      </div>
    </Tooltip>
  );
}
