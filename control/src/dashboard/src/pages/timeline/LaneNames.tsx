/** What the lanes are of. */
import type { TFunction } from "i18next";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useKnown } from "@/api/live";
import type { Queue, Scheduler } from "@/api/types";
import { fileName } from "@/parts/schedulers";
import { StateIcon } from "@/parts/TaskState";
import { gpuPage } from "@/shell/paths";
import type { GpuHead, QueueHead } from "./lanes";
import type { Placed } from "./place";
import { modelOf } from "./told";
import css from "./Timeline.module.css";

interface Props {
  placed: readonly Placed[];
  schedulers: readonly Scheduler[];
  isNarrow: boolean;
}

export const LaneNames = memo(function LaneNames({ placed, schedulers, isNarrow }: Props) {
  return placed.map((one) => (
    <div
      key={`${one.kind} ${one.key}`}
      className={one.kind === "section" ? css.section : css.lane}
      style={{ top: one.top, height: one.height }}
    >
      {one.kind === "section" ? (
        <SectionName of={one.of} />
      ) : one.lane.head.kind === "gpu" ? (
        <GpuName head={one.lane.head} isNarrow={isNarrow} />
      ) : (
        <QueueName head={one.lane.head} {...queueOf(schedulers, one.lane.head)} isNarrow={isNarrow} />
      )}
    </div>
  ));
});

/** As its scheduler has it now. */
function queueOf(
  schedulers: readonly Scheduler[],
  head: QueueHead,
): { queue: Queue | null; scheduler: string } {
  const one = schedulers.find(({ state }) => state?.command_file === head.file);
  const queue = one?.state?.queues.find(({ queue_id }) => queue_id === head.id) ?? null;
  return { queue, scheduler: one?.id ?? "" };
}

function SectionName({ of }: { of: "gpus" | QueueHead }) {
  const { t } = useTranslation();
  return (
    <span className={`t3 cut ${css.name}`}>
      {of === "gpus" ? t("timeline.gpus") : t("timeline.queuesOf", { name: fileOf(of, t) })}
    </span>
  );
}

/** "single · 0", or with its file's name where it is no configuration. */
export function fileOf({ mode, configuration, file }: QueueHead, t: TFunction): string {
  const index = configuration ?? fileName(file);
  return t("scheduler.short", { mode: t(`modes.${mode}`), index });
}

const GpuName = memo(function GpuName({ head, isNarrow }: { head: GpuHead; isNarrow: boolean }) {
  const { t } = useTranslation();
  const { gpus } = useKnown();
  const card = gpus?.cards.find(({ uuid }) => uuid === head.uuid);
  const word = !card
    ? null
    : card.off_since !== null
      ? t("timeline.off")
      : card.free
        ? t("timeline.free")
        : null;
  const model = head.name && modelOf(head.name).replace(/^RTX /, "");
  return (
    <div className={css.name}>
      <Link to={gpuPage(head.index)} className={`strong ${css.link}`}>
        GPU {head.index}
      </Link>
      {!isNarrow && <span className="t3 cut">{head.isSimulated ? t("timeline.simulated") : model}</span>}
      {word && <span className={`t2 ${css.chip}`}>{word}</span>}
    </div>
  );
});

interface QueueProps {
  head: QueueHead;
  queue: Queue | null;
  scheduler: string;
  isNarrow: boolean;
}

const QueueName = memo(function QueueName({ head, queue, scheduler, isNarrow }: QueueProps) {
  const { t } = useTranslation();
  const to = `/ui/state?${new URLSearchParams({ scheduler, open: `${scheduler}:${head.id}` }).toString()}`;
  return (
    <div className={css.name}>
      <Link to={queue ? to : "/ui/history"} className={`cut ${css.link}`}>
        <span className="strong">{head.id}</span> <span className={`t2 ${css.queueName}`}>{head.name}</span>
      </Link>
      {queue && (
        <span className={`t3 number ${css.done}`}>
          {!isNarrow && t("ofTotal", { done: queue.counts.completed ?? 0, total: queue.total })}
          <span role="img" aria-label={t(`states.${queue.status}`)}>
            <StateIcon state={queue.status} />
          </span>
        </span>
      )}
    </div>
  );
});
