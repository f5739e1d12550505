/** What earlier runs of the same commands have used, and on how many cards the memory fits. */
import { useQuery } from "@tanstack/react-query";
import { IconHistory } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ask, GET } from "@/api/client";
import { useKnown } from "@/api/live";
import { gb, measuredGb } from "@/format/memory";
import { labelOf, type Item } from "../model/sheet";
import { usePage } from "../page";
import css from "./Form.module.css";

const RUNS = 6;

export function MemoryHint({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { gpus } = useKnown();
  const { scheduler } = usePage();
  const peaks = usePeaks(item);
  const cards = (gpus?.cards ?? []).filter((card) => card.in_range && !card.simulated);
  const memory = item.memory_gb;
  const parts: string[] = [];
  if (peaks.length)
    parts.push(t("command.fewRuns", { count: peaks.length, peak: measuredGb(Math.max(...peaks)) }));
  // What runs on simulated cards is not about this machine's.
  const simulated = scheduler?.state?.started_with?.simulate != null;
  if (memory !== null && item.gpu_count > 0 && cards.length && !simulated) {
    const margin = gpus?.memory_margin_gb ?? 0;
    const some = cards.filter((card) => card.total_gb - margin >= memory).length;
    const largest = gb(Math.max(...cards.map((card) => card.total_gb)) - margin);
    const key = some === cards.length ? "fitsAny" : some ? "fitsSome" : "fitsNone";
    parts.push(t(`command.${key}`, { memory: gb(memory), some, all: cards.length, largest }));
  }
  if (!parts.length) return null;
  return (
    <p className={`t3 ${css.hint}`}>
      {peaks.length > 0 && <IconHistory size={14} stroke={1.75} aria-hidden />}
      {parts.join(" ")}
    </p>
  );
}

/** The most that each of the last runs has used of a card, newest first. */
function usePeaks(item: Item): number[] {
  const { which, file } = usePage();
  const saved = file.partners.get(item);
  const task = saved && (saved.options.name ?? labelOf(saved));
  const { data } = useQuery({
    queryKey: ["history", "of task", which.mode, which.index, task],
    queryFn: () =>
      ask(
        GET("/api/history", {
          params: { query: { mode: which.mode, config_index: which.index, task: task ?? "", limit: RUNS } },
        }),
      ),
    enabled: task !== undefined,
    staleTime: 60_000,
  });
  return (typeof data === "object" ? data.tasks : [])
    .filter((one) => one.commands === item.commands)
    .flatMap((one) => {
      const peaks = one.attempts.flatMap((attempt) => attempt.peak_gb ?? []);
      return peaks.length ? [Math.max(...peaks)] : [];
    });
}
