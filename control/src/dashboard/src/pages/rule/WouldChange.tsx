/** What saving would change for the tasks that wait, by the console's preview, 300 ms after the last key. */
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, POST } from "@/api/client";
import { useKnown } from "@/api/live";
import type { ConfigPreview, WaitingTask } from "@/api/types";
import { clock } from "@/format/time";
import { Said } from "@/parts/Said";
import { shortName } from "@/parts/schedulers";
import { outcomeBecause } from "@/words/previews";
import { sentence } from "@/words/reasons";
import { refusalText } from "@/words/refused";
import type { Draft } from "./draft";
import { estimateOf, isOther, kindOf } from "./outcomes";
import css from "./WouldChange.module.css";
import page from "./Rule.module.css";

const AFTER_TYPING = 300;
const LATEST = 10_000;
const MOST = 6;

export function WouldChange({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  if (!draft.changed || draft.text === draft.config.text) return null;
  return (
    <section aria-label={t("rule.changesTitle")}>
      <h2 className={page.title}>{t("rule.changesTitle")}</h2>
      {draft.faults.length ? (
        <p className={page.second}>{t("rule.faultsFirst")}</p>
      ) : (
        <Asked text={draft.text} etag={draft.config.etag} />
      )}
    </section>
  );
}

/** `etag`: of what is saved. */
function Asked({ text, etag }: { text: string; etag: string | null }) {
  const [settled] = useDebouncedValue(text, AFTER_TYPING);
  const { data, error } = useQuery({
    queryKey: ["config-preview", etag, settled],
    queryFn: async () =>
      // openapi-fetch takes pairs for lists
      (await ask(POST("/api/config/preview", { body: { text: settled } }))) as ConfigPreview,
    placeholderData: keepPreviousData,
    staleTime: 0,
    refetchInterval: LATEST,
    retry: false,
  });
  if (error && !data) return <p className={page.second}>{refusalText(error)}</p>;
  if (!data) return <p className={page.second}>…</p>;
  return <Found found={data} />;
}

function Found({ found }: { found: ConfigPreview }) {
  const { t } = useTranslation();
  const [fault] = found.faults;
  if (fault)
    return <p className={page.second}>{sentence([fault.problem, fault.hint].filter(Boolean).join("; "))}</p>;
  const left = found.total - Math.min(MOST, found.tasks.length);
  const mixed = new Set(found.tasks.map((task) => task.scheduler)).size > 1;
  return (
    <>
      {found.total > 0 ? (
        <ul className={css.tasks}>
          {[...found.tasks]
            .sort((a, b) => Number(isOther(b)) - Number(isOther(a)))
            .slice(0, MOST)
            .map((task) => (
              <Line key={`${task.scheduler} ${task.key}`} task={task} mixed={mixed} />
            ))}
        </ul>
      ) : (
        <p className={page.second}>
          {t(found.schedulers.length || found.elsewhere.length ? "rule.changesNone" : "rule.changesNobody")}
        </p>
      )}
      {left > 0 && <p className={page.second}>{t("rule.changesMore", { count: left })}</p>}
      <Readers found={found} />
    </>
  );
}

/** `mixed`: more than one scheduler's are listed. */
function Line({ task, mixed }: { task: WaitingTask; mixed: boolean }) {
  const { t } = useTranslation();
  const { schedulers } = useKnown();
  const about = estimateOf(task, schedulers);
  const comma = t("lists.comma");
  const said = t(`rule.outcome.${kindOf(task)}`, {
    gpus: task.after.gpus.join(comma),
    before: task.before.gpus.join(comma),
    reason: outcomeBecause(task.after),
  });
  return (
    <li data-changed={isOther(task) || undefined}>
      <span className={css.task}>
        <b title={task.name ?? undefined}>{task.task}</b>
        {mixed && <Whose pid={task.scheduler} />}
      </span>
      <span className={css.said} title={said}>
        {said}
      </span>
      {about !== null && (
        <span className={css.at} title={t("rule.startsAbout", { at: clock(about) })}>
          ~{clock(about)}
        </span>
      )}
    </li>
  );
}

function Whose({ pid }: { pid: number }) {
  return <span className={css.whose}>{useName(pid)}</span>;
}

/** Schedulers for which that is not all. */
function Readers({ found }: { found: ConfigPreview }) {
  const { t } = useTranslation();
  const apart = found.schedulers.filter((one) => one.refused !== null || one.unknown !== null);
  return (
    <>
      {apart.map((one) => (
        <p key={one.scheduler} className={css.apart}>
          <Reader pid={one.scheduler} refused={one.refused} unknown={one.unknown} />
        </p>
      ))}
      {found.elsewhere.length > 0 && (
        <p className={page.second}>{t("rule.changesElsewhere", { count: found.elsewhere.length })}</p>
      )}
    </>
  );
}

function Reader(props: { pid: number; refused: string | null; unknown: string | null }) {
  const { pid, refused, unknown } = props;
  const of = refused === null ? "rule.changesUnknown" : "rule.changesRefused";
  return <Said of={of} scheduler={useName(pid)} why={refused ?? unknown ?? ""} />;
}

function useName(pid: number): string {
  const { t } = useTranslation();
  const one = useKnown().schedulers.find((each) => each.alive && each.pid === pid);
  return one ? shortName(one, t) : `pid ${pid}`;
}
