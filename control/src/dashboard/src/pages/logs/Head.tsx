/** The head of a log: whose it is, how that attempt did, and the other attempts. */
import { ActionIcon, Button, Menu, SegmentedControl, Select, Tooltip } from "@mantine/core";
import { IconChevronDown, IconCopy, IconDots } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useWhyNot } from "@/api/identity";
import type { HistoryAttempt } from "@/api/types";
import { duration } from "@/format/time";
import { useSecond } from "@/parts/now";
import { fileName, longName } from "@/parts/schedulers";
import { endedAs } from "@/parts/ended";
import { StateIcon } from "@/parts/TaskState";
import { failed, said } from "@/parts/toast";
import { useVerbs } from "@/parts/verbs";
import { Why } from "@/parts/Why";
import type { Standing, Whose } from "./whose";
import css from "./View.module.css";

interface Props {
  path: string;
  whose: Whose | null | undefined;
  standing: Standing | undefined;
  openAttempt: (attempt: HistoryAttempt) => void;
}

export function Head({ path, whose, standing, openAttempt }: Props) {
  return (
    <div className={css.head}>
      <Title path={path} whose={whose} standing={standing} />
      <div className={css.actions}>
        {whose && whose.task.attempts.length > 1 && <Attempts whose={whose} open={openAttempt} />}
        {whose && <CopyTask id={whose.task.id} />}
        <More path={path} whose={whose} standing={standing} />
      </div>
    </div>
  );
}

function Title({ path, whose, standing }: Omit<Props, "openAttempt">) {
  const { t } = useTranslation();
  if (!whose)
    return (
      <div className={css.names}>
        <h1 className={css.title}>{whose === null ? fileName(path) : " "}</h1>
      </div>
    );
  const { task, run } = whose;
  const queue = `${task.queue_id}${standing?.queue.queue_name ? ` ${standing.queue.queue_name}` : ""}`;
  const where = standing
    ? longName(standing.one, t)
    : run
      ? t("scheduler.titledFile", { mode: t(`modes.${run.run.mode}`), file: fileName(task.command_file) })
      : fileName(task.command_file);
  return (
    <div className={css.names}>
      <h1 className={css.title}>{task.task}</h1>
      <span className={`t2 cut ${css.name}`}>{task.name}</span>
      <span className={`t3 ${css.where}`}>{t("logs.place", { queue, where })}</span>
    </div>
  );
}

/** More do not fit side by side. */
const MOST_BESIDE = 4;

function Attempts({ whose, open }: { whose: Whose; open: (attempt: HistoryAttempt) => void }) {
  const { t } = useTranslation();
  const { attempts } = whose.task;
  const choose = (number: string | null) => {
    const chosen = attempts.find((one) => String(one.number) === number);
    if (chosen) open(chosen);
  };
  const chosen = String(whose.attempt?.number ?? "");
  const word = (one: HistoryAttempt) => t("logs.attemptOne", { number: one.attempt });
  if (attempts.length > MOST_BESIDE)
    return (
      <Select
        w={160}
        aria-label={t("logs.attempts")}
        value={chosen}
        onChange={choose}
        leftSection={whose.attempt && <StateIcon state={endedAs(whose.attempt.how)} />}
        rightSection={<IconChevronDown size={14} stroke={1.75} />}
        data={attempts.map((one) => ({ value: String(one.number), label: word(one) }))}
      />
    );
  return (
    <SegmentedControl
      aria-label={t("logs.attempts")}
      className={css.attempts}
      value={chosen}
      onChange={choose}
      data={attempts.map((one) => ({
        value: String(one.number),
        label: (
          <span className={css.attempt}>
            <StateIcon state={endedAs(one.how)} />
            {word(one)} <span className="t3">{<Took attempt={one} />}</span>
          </span>
        ),
      }))}
    />
  );
}

export function Took({ attempt }: { attempt: HistoryAttempt }) {
  const now = useSecond();
  if (attempt.how === "running") return duration(now - (attempt.started_at ?? attempt.recorded_at));
  return attempt.seconds === null ? "" : duration(attempt.seconds);
}

const copyOf = (id: number) => `/ui/tasks?copy=${id}`;

function CopyTask({ id }: { id: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const whyNot = useWhyNot();
  return (
    <Why not={whyNot} effect={t("logs.copyTaskEffect")}>
      <Button
        className={css.copy}
        leftSection={<IconCopy size={14} stroke={1.75} />}
        onClick={() => void navigate(copyOf(id))}
      >
        {t("logs.copyTask")}
      </Button>
    </Why>
  );
}

function More({ path, whose, standing }: Omit<Props, "openAttempt">) {
  const { t } = useTranslation();
  const verbs = useVerbs();
  const whyNot = useWhyNot();
  const task = standing?.task;
  const doable =
    task && standing.one.alive
      ? verbs.ofTask({ pid: standing.one.pid, queue: standing.queue.queue_id, task })
      : [];
  const copy = () => {
    navigator.clipboard.writeText(path).then(
      () => said(t("logs.pathCopied")),
      () => failed(new Error(t("logs.notCopied"))),
    );
  };
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t("verbs.more")}>
          <IconDots size={16} stroke={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {doable.map((verb) => (
          <Tooltip key={verb.name} label={verb.whyNot ?? verb.effect} position="left">
            <Menu.Item disabled={verb.whyNot !== undefined} onClick={verb.act}>
              {verb.label}
            </Menu.Item>
          </Tooltip>
        ))}
        {doable.length > 0 && <Menu.Divider />}
        {whose && (
          <Menu.Item
            className={css.menuOnly}
            disabled={whyNot !== undefined}
            component={Link}
            to={copyOf(whose.task.id)}
          >
            {t("logs.copyTask")}
          </Menu.Item>
        )}
        {window.isSecureContext && <Menu.Item onClick={copy}>{t("logs.copyPath")}</Menu.Item>}
        {whose && (
          <Menu.Item component={Link} to={`/ui/history?${new URLSearchParams({ task: whose.task.key })}`}>
            {t("logs.inHistory")}
          </Menu.Item>
        )}
        <Menu.Item component={Link} to="/ui/logs">
          {t("logs.toLogs")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
