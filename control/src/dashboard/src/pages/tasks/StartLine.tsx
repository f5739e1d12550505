/** "Would start now on GPU 0" or why not, from the console's preview, 300 ms after the last key. */
import { Tooltip } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ask, POST, Refused } from "@/api/client";
import { useKnown } from "@/api/live";
import type { Card, Fault, Preview, PreviewRow, Status } from "@/api/types";
import { measuredGb } from "@/format/memory";
import { duration } from "@/format/time";
import { Said } from "@/parts/Said";
import { StateIcon } from "@/parts/TaskState";
import { whySaid } from "@/words/previews";
import { answered } from "@/words/answers";
import { refusalText } from "@/words/refused";
import { useUnfinished } from "./list";
import { bodyOf, faultsByField, type Draft } from "./form";
import css from "./Tasks.module.css";

const AFTER_TYPING = 300;

export interface Previewed {
  found: Preview | undefined;
  row: PreviewRow | undefined;
  faults: readonly Fault[];
  error: Error | null;
}

export function usePreview(draft: Draft): Previewed {
  const [settled] = useDebouncedValue(draft, AFTER_TYPING);
  // Its name changes nothing of it.
  const task = { ...bodyOf(settled), name: null };
  // What runs or waits decides it, as much as the task itself.
  const standing = useUnfinished()?.map((one) => `${one.id} ${one.state}`);
  const query = useQuery({
    queryKey: ["submitted-preview", task, standing],
    queryFn: async () => {
      const call = POST("/api/commands/{mode}/preview", {
        params: { path: { mode: "multi" } },
        body: { task },
      });
      return (await ask(call)) as Preview; // openapi-fetch takes pairs for lists
    },
    enabled: settled.commands.trim() !== "",
    placeholderData: keepPreviousData,
    staleTime: 0,
    refetchInterval: 10_000,
    retry: false,
  });
  const found = draft.commands.trim() ? query.data : undefined;
  const problem = query.error instanceof Refused ? query.error.problem.faults : [];
  return { found, row: found?.tasks[0], faults: found?.faults ?? problem, error: query.error };
}

export function StartLine({ draft, preview }: { draft: Draft; preview: Previewed }) {
  const { t } = useTranslation();
  const { found, row, faults, error } = preview;
  const state = iconOf(preview, draft);
  return (
    <div className={css.start} role="status">
      <span className={css.startIcon}>{state && <StateIcon state={state} />}</span>
      <div>
        {!draft.commands.trim() ? (
          <span className="t3">{t("tasks.writeCommands")}</span>
        ) : error && !found ? (
          <span>{refusalText(error)}</span>
        ) : row ? (
          <Tooltip label={row.reason} disabled={!row.reason || row.reason.length < 90}>
            <div className={css.becomes}>
              <Becomes row={row} isSimulated={found?.simulate != null} />
            </div>
          </Tooltip>
        ) : faults.length ? (
          <Refusal faults={faults} />
        ) : (
          <span className="t3">…</span>
        )}
        <div className="t3">
          {row?.seconds != null && t("tasks.usually", { time: duration(row.seconds) })}{" "}
          {row && found?.simulate != null && t("tasks.onSimulated", { cards: found.simulate })}
        </div>
      </div>
    </div>
  );
}

function Refusal({ faults }: { faults: readonly Fault[] }) {
  const general = faultsByField(faults, String)[""]?.[0];
  return general ? <Said of="tasks.refused" fault={answered(general)} /> : <Said of="tasks.refusedFields" />;
}

function iconOf({ row, faults, error }: Previewed, draft: Draft): Status | null {
  if (!draft.commands.trim()) return null;
  if (row?.state === "starts_now") return "running";
  if (row?.state === "held") return "held";
  if (row?.state === "behind") return "pending";
  if (row?.state === "never" || faults.length || error) return "failed";
  return row ? "waiting" : null;
}

function Becomes({ row, isSimulated }: { row: PreviewRow; isSimulated: boolean }): ReactNode {
  const { t } = useTranslation();
  const cards = useKnown().gpus?.cards;
  if (row.state === "starts_now") return <Starts row={row} on={cardsOf(row, cards ?? [], isSimulated)} />;
  if (row.state === "held") return <Said of="tasks.wouldHold" />;
  if (row.state === "never") return <Said of="tasks.never" reason={whySaid(row)} />;
  return <Said of="tasks.waits" reason={row.reason ? whySaid(row) : t("tasks.pendingWhy")} />;
}

function cardsOf(row: PreviewRow, cards: readonly Card[], isSimulated: boolean): Card[] {
  return cards.filter((card) => card.simulated === isSimulated && row.gpus.includes(card.index));
}

function Starts({ row, on }: { row: PreviewRow; on: readonly Card[] }) {
  const { t } = useTranslation();
  const gpus = row.gpus.join(t("lists.comma"));
  if (!row.gpus.length) return <Said of="tasks.startsNow" />;
  const neighbours = on.flatMap((card) => card.tasks.map((task) => task.task));
  if (!neighbours.length) return <Said of="tasks.startsOn" gpus={gpus} />;
  const free = Math.min(...on.map((card) => card.free_gb));
  return (
    <Said of="tasks.nextTo" gpus={gpus} tasks={neighbours.join(t("lists.comma"))} gb={measuredGb(free)} />
  );
}
