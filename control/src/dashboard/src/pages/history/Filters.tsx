/** The filters, in one line: each says what it is and what is chosen. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useKnown } from "@/api/live";
import type { QueueFigures } from "@/api/types";
import { Pick } from "@/parts/Pick";
import { StateIcon } from "@/parts/TaskState";
import { isSubmitted } from "@/parts/schedulers";
import { keyOf, readKey } from "./attempts";
import { ENDED, type Said, type Say } from "./data";
import { queueName, shortFile } from "./names";

const SPANS = ["1", "7", "30", "all"] as const;
const SPAN_WORDS = { "1": "days1", "7": "days7", "30": "days30", all: "daysAll" } as const;

interface Props {
  said: Said;
  say: Say;
  queues: readonly QueueFigures[];
}

export function Filters({ said, say, queues }: Props) {
  const { t } = useTranslation();
  const any = { value: "", label: t("history.any") };
  return (
    <>
      <Pick
        label={t("history.last")}
        value={said.last || "7"}
        choices={SPANS.map((value) => ({ value, label: t(`history.${SPAN_WORDS[value]}`) }))}
        choose={(last) => say({ last: last === "7" ? "" : last })}
      />
      <Pick
        label={t("history.queue")}
        value={said.queue}
        choices={[any, ...useQueueChoices(queues, said.queue)]}
        choose={(queue) => say({ queue })}
      />
      <Pick
        label={t("history.state")}
        value={said.state}
        choices={[
          any,
          ...ENDED.map((value) => ({
            value,
            label: t(`states.${value}`),
            icon: <StateIcon state={value} />,
          })),
        ]}
        choose={(state) => say({ state })}
      />
      <Pick
        label={t("history.gpu")}
        value={said.gpu}
        choices={[any, ...useGpuChoices(said.gpu)]}
        choose={(gpu) => say({ gpu })}
      />
    </>
  );
}

function useQueueChoices(queues: readonly QueueFigures[], chosen: string) {
  const { t } = useTranslation();
  const files = new Set(queues.map((one) => one.command_file));
  const choices = new Map(
    queues.map((one) => {
      const value = keyOf(one.command_file, one.queue_id);
      const all = isSubmitted(one.command_file);
      const label = queueName(all ? null : one.queue_id, one.queue_name, t);
      return [value, { value, label, second: files.size > 1 && !all ? shortFile(one.command_file, t) : "" }];
    }),
  );
  const key = readKey(chosen);
  // Of another time, and in the address.
  if (key && !choices.has(chosen))
    choices.set(chosen, {
      value: chosen,
      label: queueName(key.queue, null, t),
      second: shortFile(key.file, t),
    });
  return [...choices.values()];
}

function useGpuChoices(chosen: string) {
  const cards = useKnown().gpus?.cards;
  return useMemo(() => {
    const indices = new Set((cards ?? []).map((card) => card.index));
    if (chosen) indices.add(chosen);
    return [...indices]
      .sort((one, other) => Number(one) - Number(other))
      .map((index) => ({ value: index, label: index }));
  }, [cards, chosen]);
}
