/** What saving, or starting, would do: task by task, by what becomes of it. */
import {
  IconCircleDashed,
  IconCircleX,
  IconHandStop,
  IconHourglass,
  IconLock,
  IconPlayerPlayFilled,
  IconTrash,
} from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Preview, PreviewRow, Status } from "@/api/types";
import { duration } from "@/format/time";
import { sentence } from "@/words/reasons";
import { LinkButton } from "../Link";
import { memory } from "../Changes";
import type { Item } from "../model/sheet";
import { labelOf } from "../model/sheet";
import { usePage } from "../page";
import css from "./Review.module.css";
import { whySaid } from "@/words/previews";

const FIRST = 12;
const icon = { size: 14, stroke: 1.75 } as const;

interface Group {
  state: PreviewRow["state"];
  title: string;
  icon: ReactNode;
  /** Shown although it is empty: that there is none is what one wants to know. */
  always?: boolean;
}

export function Doing({ preview }: { preview: Preview }) {
  const { t } = useTranslation();
  const groups: Group[] = [
    {
      state: "starts_now",
      title: t("command.startsNow"),
      icon: <IconPlayerPlayFilled size={14} color="var(--gl-running)" />,
      always: true,
    },
    {
      state: "waits",
      title: t("command.waits"),
      icon: <IconHourglass {...icon} color="var(--gl-waiting)" />,
      always: true,
    },
    {
      state: "behind",
      title: t("command.behind"),
      icon: <IconCircleDashed {...icon} color="var(--gl-pending)" />,
    },
    { state: "held", title: t("command.held"), icon: <IconHandStop {...icon} color="var(--gl-held)" /> },
    {
      state: "never",
      title: t("command.never"),
      icon: <IconCircleX {...icon} color="var(--gl-failed)" />,
      always: true,
    },
    { state: "runs_on", title: t("command.notTouched"), icon: <IconLock {...icon} color="var(--gl-t2)" /> },
  ];
  // That its scheduler takes it up stands below, beside the button.
  const notes = preview.notes.filter((note) => !note.endsWith("takes it up when it is saved"));
  const done = (["completed", "failed", "skipped", "cancelled"] as const).reduce(
    (sum, state) => sum + (preview.counts[state] ?? 0),
    0,
  );
  return (
    <>
      {notes.map((note) => (
        <p key={note} className={`t2 ${css.note}`}>
          {sentence(note)}
        </p>
      ))}
      {groups.map((group) => (
        <Rows key={group.state} group={group} preview={preview} />
      ))}
      <Removed preview={preview} />
      {done > 0 && <p className={`t2 ${css.note}`}>{t("command.doneNot", { count: done })}</p>}
    </>
  );
}

function Rows({ group, preview }: { group: Group; preview: Preview }) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const rows = preview.tasks.filter((row) => row.state === group.state);
  const count = preview.counts[group.state] ?? 0;
  if (!count && !group.always) return null;
  // What is changed by this edit is what one looks for.
  const sorted = [...rows].sort((a, b) => Number(a.change === "same") - Number(b.change === "same"));
  const shown = all ? sorted : sorted.slice(0, FIRST);
  return (
    <section className={css.group}>
      <h3 className={css.groupHead}>
        {group.icon}
        {group.title}
        <span className="t3">
          {group.state === "runs_on" ? t("command.notTouchedCount", { count }) : count}
        </span>
      </h3>
      {shown.length > 0 && (
        <ul className={css.tasks}>
          {shown.map((row) => (
            <OneTask key={row.key} row={row} />
          ))}
        </ul>
      )}
      {rows.length > shown.length && (
        <LinkButton act={() => setAll(true)}>
          {t("command.andMore", { count: count - shown.length })}
        </LinkButton>
      )}
    </section>
  );
}

function OneTask({ row }: { row: PreviewRow }) {
  const { t } = useTranslation();
  const { file } = usePage();
  const item = file.queues
    ?.find((queue) => queue.queue_id === row.queue)
    ?.tasks.find((task) => labelOf(task) === row.task);
  return (
    <li className={css.task}>
      <b className="strong" title={row.name ?? undefined}>
        {row.task}
      </b>
      <span>{what(row, item, t)}</span>
      <span className="t3 number">
        {row.seconds === null || row.seconds < 1 ? "" : t("command.about", { time: duration(row.seconds) })}
      </span>
    </li>
  );
}

function what(row: PreviewRow, item: Item | undefined, t: TFunction): ReactNode {
  const gpus = row.gpus.map((gpu) => `GPU ${gpu}`).join(t("lists.comma"));
  switch (row.state) {
    case "starts_now":
      return gpus ? t("command.onGpus", { memory: memory(item?.memory_gb, t), gpus }) : t("command.cpu");
    case "runs_on":
      return row.change === "changed"
        ? t("command.runsOnOld")
        : `${t("command.runsOn")} ${gpus && `(${gpus})`}`;
    case "behind":
      return row.behind ? t("command.behindTask", { task: row.behind }) : whySaid(row);
    default:
      return whySaid(row);
  }
}

function Removed({ preview }: { preview: Preview }) {
  const { t } = useTranslation();
  const { removed } = preview;
  if (!removed.length) return null;
  return (
    <section className={css.group}>
      <h3 className={css.groupHead}>
        <IconTrash {...icon} color="var(--gl-t2)" />
        {t("command.goes")} <span className="t3">{removed.length}</span>
      </h3>
      <ul className={css.tasks}>
        {removed.slice(0, FIRST).map((row) => (
          <li key={row.key} className={css.task}>
            <b className="strong">{row.task}</b>
            <span>
              {row.runs_on
                ? t("command.removedRuns")
                : t("command.removedWas", { status: t(`counted.${row.status as Status}`) })}
            </span>
            <span className="t3 cut">{row.name}</span>
          </li>
        ))}
      </ul>
      {removed.length > FIRST && (
        <p className="t3">{t("command.andMore", { count: removed.length - FIRST })}</p>
      )}
    </section>
  );
}
