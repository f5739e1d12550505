/** What is known of an attempt, in one line; and why it ended so, in one sentence. */
import { Button, Tooltip } from "@mantine/core";
import { IconCircleX, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { HistoryAttempt } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { absolute, clockSeconds } from "@/format/time";
import { endedAs } from "@/parts/ended";
import { TaskState } from "@/parts/TaskState";
import { causeOf } from "./cause";
import type { Standing, Whose } from "./whose";
import css from "./View.module.css";

interface Props {
  path: string;
  whose: Whose | null | undefined;
  standing: Standing | undefined;
  isBound: boolean;
}

export function Facts({ path, whose, standing, isBound }: Props) {
  const { t } = useTranslation();
  const attempt = whose?.attempt;
  return (
    <dl className={css.facts}>
      {attempt && <OfAttempt attempt={attempt} usedNow={usedNow(standing, attempt)} />}
      {isBound && (
        <Fact name={t("logs.bound")}>
          <span className="t2">{t("logs.boundText")}</span>
        </Fact>
      )}
      <Fact name={t("logs.file")}>
        <Tooltip label={path}>
          <code className={`cut ${css.path}`}>{shortened(path)}</code>
        </Tooltip>
      </Fact>
    </dl>
  );
}

function OfAttempt({ attempt, usedNow }: { attempt: HistoryAttempt; usedNow: number | null }) {
  const { t } = useTranslation();
  const began = attempt.started_at ?? attempt.recorded_at;
  const isOver = attempt.ended_at !== null;
  return (
    <>
      <Fact name={t("logs.state")}>
        <TaskState state={endedAs(attempt.how)} />
      </Fact>
      {attempt.gpu_ids.length > 0 && (
        <Fact name={t("logs.gpu")}>GPU {attempt.gpu_ids.join(t("lists.comma"))}</Fact>
      )}
      {attempt.exit_code !== null && <Fact name={t("logs.exit")}>{attempt.exit_code}</Fact>}
      {attempt.gpu_ids.length > 0 && (
        <Fact name={t("logs.memory")}>
          <Memory peak={usedNow ?? attempt.peak_gb} asked={attempt.asked_gb} />
        </Fact>
      )}
      <Fact name={t("logs.ran")}>
        <Tooltip label={`${absolute(began)}${isOver ? ` – ${absolute(attempt.ended_at ?? began)}` : ""}`}>
          <span>
            {isOver
              ? t("logs.ranTo", { from: clockSeconds(began), to: clockSeconds(attempt.ended_at ?? began) })
              : t("logs.since", { from: clockSeconds(began) })}
          </span>
        </Tooltip>
      </Fact>
    </>
  );
}

function Memory({ peak, asked }: { peak: number | null; asked: number | null }) {
  const { t } = useTranslation();
  if (asked === null) return peak === null ? t("logs.wholeCard") : `${measuredGb(peak)} GB`;
  return peak === null
    ? t("logs.memoryAsked", { asked: gb(asked) })
    : t("logs.memoryOf", { peak: measuredGb(peak), asked: gb(asked) });
}

function usedNow(standing: Standing | undefined, attempt: HistoryAttempt): number | null {
  const state = standing?.task?.state;
  const isIts = state?.status === "running" && state.number === attempt.number;
  return isIts ? (state.used_gb ?? null) : null;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={css.fact}>
      <dt className="t3">{name}</dt>
      <dd className={css.value}>{children}</dd>
    </div>
  );
}

/** From logs/ on, where there is such a folder. */
function shortened(path: string): string {
  const at = path.lastIndexOf("/logs/");
  return at < 0 ? path : path.slice(at + 1);
}

interface CauseProps {
  whose: Whose;
  lastError: string | undefined;
  open: (attempt: HistoryAttempt) => void;
}

export function CauseLine({ whose, lastError, open }: CauseProps) {
  const { t, i18n } = useTranslation();
  // Chinese marks are as wide as a space already.
  const space = i18n.language === "zh" ? "" : " ";
  const { task, attempt } = whose;
  const cause = attempt && causeOf(task, attempt, lastError, t);
  if (!cause) return null;
  const next = task.attempts.find((one) => one.attempt === attempt.attempt + 1);
  const isFailure = endedAs(attempt.how) === "failed";
  const Icon = isFailure ? IconCircleX : IconInfoCircle;
  return (
    <div className={css.cause} data-kind={isFailure ? "failed" : undefined}>
      <Icon size={16} stroke={1.75} aria-hidden className={css.causeIcon} />
      <p className={css.causeText}>
        <b className="strong">{cause.title}</b>
        {cause.text && space}
        {cause.text}
        {cause.code && (
          <>
            {space}
            <code>{cause.code}</code>
            {t("logs.cause.stop")}
          </>
        )}
        {space}
        {cause.next}
      </p>
      {next && (
        <Button variant="subtle" className={css.causeAction} onClick={() => open(next)}>
          {t("logs.openAttempt", { number: next.attempt })}
        </Button>
      )}
    </div>
  );
}
