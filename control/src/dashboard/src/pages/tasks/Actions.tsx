/** What can be done with a submitted task, at the foot of its pane. */
import { Button } from "@mantine/core";
import { IconBan, IconCopy, IconPlayerPlay, IconRefresh, IconHandStop } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ask, POST } from "@/api/client";
import { useWhyNot } from "@/api/identity";
import { serverNow } from "@/api/live";
import type { TaskDetail } from "@/api/types";
import { duration } from "@/format/time";
import { useConfirm } from "@/parts/Confirm";
import { doing } from "@/parts/toast";
import { useVerbs, type TaskVerb } from "@/parts/verbs";
import { usePageKeys } from "@/shell/keys";
import { logPage } from "@/shell/paths";
import { Why } from "@/parts/Why";
import { LIST, useLive } from "./list";
import { titleOf } from "./said";
import type { Say } from "./Tasks";
import css from "./Tasks.module.css";

const OVER = new Set(["completed", "failed", "cancelled"]);

const ICONS: Partial<Record<TaskVerb, typeof IconBan>> = {
  retry: IconRefresh,
  hold: IconHandStop,
  release: IconPlayerPlay,
};

export function Actions({ task, say }: { task: TaskDetail; say: Say }) {
  const { t } = useTranslation();
  const whyNot = useWhyNot();
  const navigate = useNavigate();
  const cancel = useCancel(task);
  const placed = useLive()(task);
  const verbs = useVerbs();
  const others = placed ? verbs.ofTask(placed).filter(({ name }) => name !== "kill") : [];
  const canCancel = !OVER.has(task.status);
  usePageKeys({
    c: () => !whyNot && say({ copy: String(task.id) }),
    x: () => canCancel && !whyNot && cancel(),
    l: () => task.log_path && void navigate(logPage(task.log_path)),
  });
  return (
    <div className={css.paneFoot}>
      {canCancel && (
        <Act
          label={t("tasks.cancel")}
          effect={t("tasks.cancelEffect")}
          whyNot={whyNot}
          act={cancel}
          icon={<IconBan size={14} stroke={1.75} />}
        />
      )}
      <span className={css.gap} />
      {others.map(({ name, label, effect, whyNot: why, act }) => {
        const Icon = ICONS[name];
        return (
          <Act
            key={name}
            label={label}
            effect={effect}
            whyNot={why}
            act={act}
            icon={Icon && <Icon size={14} stroke={1.75} />}
          />
        );
      })}
      <Act
        label={t("tasks.copy")}
        effect={t("tasks.copyEffect")}
        whyNot={whyNot}
        act={() => say({ copy: String(task.id) })}
        icon={<IconCopy size={14} stroke={1.75} />}
      />
    </div>
  );
}

interface ActProps {
  label: string;
  effect: string;
  whyNot: string | undefined;
  act: () => void;
  icon: ReactNode;
}

function Act({ label, effect, whyNot, act, icon }: ActProps) {
  return (
    <Why not={whyNot} effect={effect}>
      <Button leftSection={icon} onClick={act}>
        {label}
      </Button>
    </Why>
  );
}

function useCancel(task: TaskDetail): () => void {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const queries = useQueryClient();
  return useMemo(() => {
    const name = titleOf(task);
    const cancel = async () => {
      await doing(ask(POST("/api/tasks/{id}/cancel", { params: { path: { id: task.id } } })));
      await queries.invalidateQueries({ queryKey: [LIST] });
    };
    return () =>
      confirm({
        title: t("tasks.cancelTitle", { task: name }),
        body:
          task.state === "running" && task.started_at !== null
            ? t("tasks.cancelBody", { time: duration(serverNow() - task.started_at) })
            : t("tasks.cancelQueued"),
        keep: t("tasks.keep"),
        act: { label: t("tasks.cancelDo", { task: task.id }), act: () => void cancel() },
      });
  }, [t, confirm, queries, task]);
}
