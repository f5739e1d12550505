/** A card for each GPU; simulated ones apart where there are real ones as well. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useIdentity } from "@/api/identity";
import { useKnown } from "@/api/live";
import type { Card, Gpus } from "@/api/types";
import { rangeOf } from "./curves";
import { useSamples, type ProcessesOf } from "./data";
import { GpuCard } from "./GpuCard";
import type { Said, Say } from "./parameters";
import css from "./Gpu.module.css";

/** From so many cards on, each is drawn lower. */
const MANY = 9;

interface Props {
  gpus: Gpus;
  processes: ProcessesOf;
  marked: string | undefined;
  said: Said;
  say: Say;
}

export function Cards(props: Props) {
  const { t } = useTranslation();
  const { cards } = props.gpus;
  const real = cards.filter((card) => !card.simulated);
  if (!real.length || real.length === cards.length) return <Grid {...props} cards={cards} />;
  return (
    <>
      <Grid {...props} cards={real} />
      <h2 className={`t3 ${css.section}`}>{t("gpu.simulated")}</h2>
      <Grid {...props} cards={cards.filter((card) => card.simulated)} />
    </>
  );
}

function Grid({ gpus, cards, processes, marked, said, say }: Props & { cards: readonly Card[] }) {
  const user = useIdentity()?.user ?? "";
  const isLive = useKnown().connection !== "lost";
  const range = rangeOf(said.range);
  const samples = useSamples(range);
  const bySample = useMemo(
    () => new Map(samples.data?.cards.map((card) => [card.uuid, card])),
    [samples.data],
  );
  const open = useMemo(() => new Set(said.more.split(",")), [said.more]);
  return (
    <div className={css.grid} data-many={gpus.cards.length >= MANY || undefined}>
      {cards.map((card) => (
        <GpuCard
          key={card.uuid}
          card={card}
          gpus={gpus}
          processes={processes(card.uuid)}
          user={user}
          isLive={isLive}
          range={range}
          samples={bySample.get(card.uuid)}
          isLoading={samples.isPending}
          error={samples.data ? null : samples.error}
          isMarked={card.uuid === marked}
          isOpen={open.has(card.uuid)}
          say={say}
          more={said.more}
        />
      ))}
    </div>
  );
}
