/** One line of the tree. */
import type { RenderTreeNodePayload } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconCircleX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useKnown } from "@/api/live";
import type { Configuration } from "@/api/types";
import { SchedulerDot } from "@/parts/SchedulerState";
import { StateIcon } from "@/parts/TaskState";
import { kept } from "../model/kept";
import { labelOf } from "../model/sheet";
import { schedulerOf, usePage } from "../page";
import { ConfigurationMenu } from "./ConfigurationMenu";
import { nodeOf } from "./nodes";
import css from "./Tree.module.css";

interface Props {
  payload: RenderTreeNodePayload;
  configurations: readonly Configuration[];
  choose: (value: string) => void;
}

export function NodeLine({ payload, configurations, choose }: Props) {
  const { node, level, expanded, hasChildren, selected } = payload;
  const what = nodeOf(node.value);
  const Chevron = expanded ? IconChevronDown : IconChevronRight;
  return (
    <div
      className={`${css.line} ${selected ? css.selected : ""}`}
      data-level={level}
      data-drop-queue={what.kind === "queue" ? what.queue : undefined}
      onClick={() => choose(node.value)}
    >
      {hasChildren && (
        <span
          className={css.chevron}
          aria-hidden
          onClick={(event) => {
            if (what.kind === "configuration") return;
            event.stopPropagation();
            payload.tree.toggleExpanded(node.value);
          }}
        >
          <Chevron size={14} stroke={1.75} />
        </span>
      )}
      {what.kind === "configuration" ? (
        <ConfigurationLine index={what.index} configurations={configurations} />
      ) : what.kind === "queue" ? (
        <QueueLine queue={what.queue} />
      ) : what.kind === "task" ? (
        <TaskLine label={what.label} name={node.label} />
      ) : (
        <BrokenLine />
      )}
    </div>
  );
}

function ConfigurationLine({
  index,
  configurations,
}: {
  index: number;
  configurations: readonly Configuration[];
}) {
  const { t } = useTranslation();
  const { which, file } = usePage();
  const { schedulers } = useKnown();
  const its = { mode: which.mode, index };
  const scheduler = schedulerOf(schedulers, its);
  const unsaved = index === which.index ? file.draft !== null : kept(its) !== null;
  const configuration = configurations.find((one) => one.index === index);
  return (
    <>
      <span className={css.strong}>{t("command.configuration", { index })}</span>
      <span className={css.right}>
        {configuration && configuration.faults > 0 && (
          <IconCircleX
            size={14}
            stroke={1.75}
            color="var(--gl-failed)"
            role="img"
            aria-label={t("command.faultCount", { count: configuration.faults })}
          />
        )}
        {unsaved && <span className={css.unsaved} role="img" aria-label={t("command.unsaved")} />}
        {scheduler && (scheduler.alive || scheduler.ended === "died") && <SchedulerDot one={scheduler} />}
        {configuration && <ConfigurationMenu configuration={configuration} />}
      </span>
    </>
  );
}

function QueueLine({ queue }: { queue: number }) {
  const { t } = useTranslation();
  const { file, scheduler } = usePage();
  const written = file.queues?.find((one) => one.queue_id === queue);
  const runs = scheduler?.state?.queues.find((one) => one.queue_id === queue);
  const total = written?.tasks.reduce((sum, task) => sum + task.repeat, 0) ?? 0;
  return (
    <>
      <span className={css.strong}>{queue}</span>
      <span className="t2 cut">{written?.queue_name}</span>
      <span className={`t3 ${css.right}`}>
        {runs ? t("ofTotal", { done: runs.counts["completed"] ?? 0, total }) : total}
      </span>
    </>
  );
}

function TaskLine({ label, name }: { label: string; name: ReactNode }) {
  const { file, tasks } = usePage();
  const item = file.queues
    ?.find((queue) => label.startsWith(`${queue.queue_id}/`))
    ?.tasks.find((task) => labelOf(task) === label);
  const saved = item && file.partners.get(item);
  const live = saved && tasks.get(labelOf(saved));
  return (
    <>
      <StateIcon state={live?.state.status ?? "pending"} />
      <span className={css.task}>{label}</span>
      <span className="t3 cut">{name}</span>
    </>
  );
}

function BrokenLine() {
  const { t } = useTranslation();
  const { file } = usePage();
  return (
    <>
      <IconCircleX size={14} stroke={1.75} color="var(--gl-failed)" aria-hidden />
      <span className="cut">{t("command.broken", { count: file.sheet?.broken.length ?? 0 })}</span>
    </>
  );
}
