/** What queues declared and what they used at most. A row filters by its queue. */
import { Tooltip } from "@mantine/core";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { gb, measuredGb } from "@/format/memory";
import type { MemoryLane } from "./attempts";
import { Axis, Chart } from "./Chart";
import { queueName, shortFile } from "./names";
import { marks } from "./scale";
import css from "./Charts.module.css";

interface Props {
  lanes: readonly MemoryLane[];
  chosen: string;
  choose: (key: string) => void;
}

export function MemoryChart({ lanes, chosen, choose }: Props) {
  const { t } = useTranslation();
  const at = marks(Math.max(0, ...lanes.map((lane) => Math.max(lane.peak, lane.declared ?? 0))), "amount");
  const most = at.at(-1) ?? 1;
  const width = (value: number) => `${(100 * value) / most}%`;
  const isCrowded = lanes.some((lane) => hasWord(lane) && endOf(lane) > CROWDED * most);
  return (
    <Chart
      title={t("history.memory")}
      how={
        <span className={css.legend}>
          <span className={css.used} aria-hidden /> {t("history.peakUsed")}
          <span className={css.asked} aria-hidden /> {t("history.declared")}
        </span>
      }
      empty={lanes.length ? undefined : t("history.notMeasured")}
    >
      <div className={css.rows} data-crowded={isCrowded || undefined}>
        <Axis at={at} label={gb} />
        {lanes.map((lane) => {
          const name = queueName(lane.queue, lane.name, t);
          const declared = lane.declared === null ? t("history.whole") : `${gb(lane.declared)} GB`;
          const said = t("history.memoryLane", { peak: measuredGb(lane.peak), declared });
          return (
            <Tooltip key={lane.key} label={`${shortFile(lane.file, t)} · ${name} · ${said}`}>
              <button
                type="button"
                className={`plain ${css.lane}`}
                aria-pressed={chosen === lane.key}
                onClick={() => choose(lane.key)}
              >
                <span className={`cut ${css.name}`}>{name}</span>
                <span className="hidden-words">{said}</span>
                <span className={css.track}>
                  <span className={css.peak} style={{ width: width(lane.peak) }} />
                  {lane.declared !== null && (
                    <span className={css.declared} style={{ width: width(lane.declared) }} />
                  )}
                  <Word lane={lane} at={width(endOf(lane))} />
                </span>
              </button>
            </Tooltip>
          );
        })}
      </div>
    </Chart>
  );
}

/** From which share of the scale on a bar leaves no room for the word after it. */
const CROWDED = 0.6;

function hasWord(lane: MemoryLane): boolean {
  return lane.ranOut > 0 || lane.tooMuch > 0;
}

function endOf(lane: MemoryLane): number {
  return Math.max(lane.peak, lane.declared ?? 0);
}

function Word({ lane, at }: { lane: MemoryLane; at: string }) {
  const { t } = useTranslation();
  if (!hasWord(lane)) return null;
  return (
    <span
      className={`cut ${css.word}`}
      style={{ "--at": at } as CSSProperties}
      data-broke={lane.ranOut > 0 || undefined}
    >
      {lane.ranOut
        ? t("history.ranOut", { count: lane.ranOut })
        : t("history.tooMuch", { gb: measuredGb(lane.tooMuch) })}
    </span>
  );
}
