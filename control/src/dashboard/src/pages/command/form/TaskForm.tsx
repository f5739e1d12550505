/** A task's form: what it is called, what it asks for, what it runs. */
import { Select } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { changed, moved, nextQueue, type Change } from "../model/edits";
import { Misread, memoryText, readMemory, readWhole } from "../model/fields";
import { found, labelOf, type Item } from "../model/sheet";
import { usePage } from "../page";
import { Field } from "./Field";
import css from "./Form.module.css";
import { MemoryHint } from "./MemoryHint";
import { Options } from "./Options";

const Script = lazy(() => import("./Script"));
const NEW = "new";

export function useChange(item: Item): (change: Change) => Promise<unknown> {
  const { file } = usePage();
  return (change) => file.edit(changed(item.id, change));
}

export function TaskForm({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { which, whyNot } = usePage();
  const change = useChange(item);
  const multi = which.mode === "multi";
  return (
    <div className={css.form}>
      <div className={css.fields}>
        <Field
          label={t("command.name")}
          now={item.options.name ?? ""}
          read={(typed) => typed.trim() || null}
          commit={(name) => change({ options: { name } })}
          whyNot={whyNot}
        />
        <QueueOf item={item} />
        <Field
          label={t("command.memory")}
          now={memoryText(item.memory_gb)}
          read={readMemory}
          commit={(memory_gb) => change({ memory_gb })}
          bad={t("command.badMemory")}
          rightSection={<span className="t3">GB</span>}
          whyNot={whyNot}
        />
        {multi ? (
          <Field
            label={t("command.gpus")}
            now={String(item.gpu_count)}
            read={wholeCount}
            commit={(gpu_count) => change({ gpu_count })}
            bad={t("command.badWhole")}
            whyNot={whyNot}
          />
        ) : (
          <Select
            label={t("command.gpus")}
            value={String(item.gpu_count)}
            readOnly={whyNot !== undefined}
            data={[
              { value: "1", label: t("command.single") },
              { value: "0", label: t("command.noGpu") },
            ]}
            onChange={(count) => void change({ gpu_count: Number(count) })}
          />
        )}
      </div>
      <MemoryHint item={item} />
      <div className={css.legend}>
        <span className="strong">{t("command.commands")}</span>
        <span className="t3">{t("command.commandsHint")}</span>
      </div>
      <Suspense fallback={<pre className={css.script}>{item.commands}</pre>}>
        <Script
          label={t("command.commands")}
          now={item.commands}
          commit={(commands) => change({ commands })}
          readOnly={whyNot !== undefined}
        />
      </Suspense>
      <Options item={item} />
    </div>
  );
}

function wholeCount(typed: string): number {
  const count = readWhole(typed);
  if (count === null) throw new Misread("count");
  return count;
}

function QueueOf({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { file, say, whyNot } = usePage();
  const queues = file.queues ?? [];
  const next = nextQueue(queues);
  const move = (chosen: string | null) => {
    const queue = chosen === NEW ? next : Number(chosen);
    const end = queues.find((one) => one.queue_id === queue)?.tasks.length ?? 0;
    const edit = moved(item.id, queue, end);
    const after = found(edit(queues), item.id);
    void file.edit(edit);
    if (after) say({ queue: String(queue), task: labelOf(after.task) });
  };
  return (
    <Select
      label={t("command.queue")}
      value={String(item.queue_id)}
      readOnly={whyNot !== undefined}
      searchable={queues.length > 8}
      data={[
        ...queues.map(({ queue_id, queue_name }) => ({
          value: String(queue_id),
          label: `${queue_id} ${queue_name ?? ""}`.trim(),
        })),
        { value: NEW, label: `${next}, ${t("command.addQueue")}` },
      ]}
      onChange={move}
    />
  );
}
