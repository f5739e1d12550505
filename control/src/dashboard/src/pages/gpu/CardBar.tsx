/** A card's memory as a bar. */
import { useTranslation } from "react-i18next";
import type { Card, GpuProcess } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { MemoryBar } from "@/parts/MemoryBar";
import { sharesOf } from "./shares";

interface Props {
  card: Card;
  processes: readonly GpuProcess[];
  margin?: number;
  thin?: boolean;
}

export function CardBar({ card, processes, margin, thin }: Props) {
  const { t } = useTranslation();
  const parts = sharesOf(card, processes);
  const said = t("memory.bar", {
    own: measuredGb(parts.own),
    promised: measuredGb(parts.promised),
    strays: measuredGb(parts.strays),
    leases: measuredGb(parts.leases),
    people: measuredGb(parts.people),
    total: gb(card.total_gb),
  });
  return (
    <MemoryBar
      parts={parts}
      total={card.total_gb}
      said={said}
      {...(margin ? { margin } : {})}
      {...(thin ? { thin } : {})}
    />
  );
}
