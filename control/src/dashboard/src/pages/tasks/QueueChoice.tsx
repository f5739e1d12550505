/** Where a new task stands: in a queue of its own, at the end of an earlier one, or held. */
import { Radio, Select } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { queuesOf, type Draft, type Queue } from "./form";
import { useUnfinished } from "./list";
import css from "./Tasks.module.css";

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

export function QueueChoice({ draft, change }: Props) {
  const { t } = useTranslation();
  const unfinished = useUnfinished();
  const queues = queuesOf(unfinished ?? []);
  const chosen = draft.hold ? "held" : draft.queue === null ? "own" : "behind";
  const choose = (value: string) =>
    change({ hold: value === "held", queue: value === "behind" ? (queues[0]?.id ?? null) : null });
  return (
    <Radio.Group label={t("tasks.queue")} value={chosen} onChange={choose}>
      <div className={css.choices}>
        <Choice value="own" />
        <div className={`${css.choice} ${css.behind}`} data-checked={chosen === "behind" || undefined}>
          <Choice value="behind" disabled={!queues.length && draft.queue === null} />
          {queues.length || draft.queue !== null ? (
            <Queues queues={queues} chosen={draft.queue} choose={(queue) => change({ hold: false, queue })} />
          ) : (
            unfinished && <span className="t3">{t("tasks.noQueue")}</span>
          )}
        </div>
        <Choice value="held" />
      </div>
    </Radio.Group>
  );
}

function Choice({ value, disabled = false }: { value: "own" | "behind" | "held"; disabled?: boolean }) {
  const { t } = useTranslation();
  return (
    <Radio.Card
      value={value}
      disabled={disabled}
      className={(value === "behind" ? css.inner : css.choice) ?? ""}
      aria-label={t(`tasks.${value}`)}
    >
      <Radio.Indicator size="xs" className={css.dot ?? ""} disabled={disabled} />
      <span>{t(`tasks.${value}`)}</span>
    </Radio.Card>
  );
}

interface QueuesProps {
  queues: readonly Queue[];
  chosen: number | null;
  choose: (queue: number) => void;
}

/** The chosen one is there also when it has ended meanwhile: the line below says so. Whichever is picked is chosen, also
 * the one that is shown. */
function Queues({ queues, chosen, choose }: QueuesProps) {
  const { t } = useTranslation();
  const isGone = chosen !== null && !queues.some((queue) => queue.id === chosen);
  const all = isGone ? [{ id: chosen, name: null }, ...queues] : queues;
  return (
    <Select
      className={css.queues ?? ""}
      aria-label={t("tasks.behindWhich")}
      rightSection={<IconChevronDown size={14} stroke={1.75} />}
      allowDeselect={false}
      value={String(chosen ?? queues[0]?.id)}
      data={all.map(({ id, name }) => ({ value: String(id), label: name ? `${id} ${name}` : String(id) }))}
      onOptionSubmit={(id) => choose(Number(id))}
    />
  );
}
