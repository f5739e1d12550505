/** What is wrong with the text, each with its place and its cure. */
import { IconCircleX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Fault } from "@/api/types";
import { clock } from "@/format/time";
import { sentence } from "@/words/reasons";
import { refusalText } from "@/words/refused";
import { LinkButton } from "./Link";
import { cured, curesOf } from "./model/cures";
import { useFaults } from "./model/useFaults";
import { usePage } from "./page";
import css from "./Side.module.css";
import { jumpTo } from "./text/jump";

const MOST = 100;

/** As one sentence: what is wrong, and what would be right. */
export function faultSaid({ problem, hint }: Fault): string {
  return sentence(hint ? `${problem}; ${hint}` : problem);
}

export function Faults() {
  const { t } = useTranslation();
  const { file, say, scheduler, whyNot } = usePage();
  const { sheet, saved } = file;
  const { faults, count, never } = useFaults();
  return (
    <section className={css.section} aria-label={t("command.faults")}>
      <h2 className={css.head}>
        {t("command.faults")} <span className="t3">{count}</span>
      </h2>
      {!sheet && file.refused !== null && (
        <p className="t2">
          {t("command.unknown", { why: file.refused instanceof Error ? refusalText(file.refused) : "" })}
        </p>
      )}
      {(faults ?? sheet?.faults ?? []).slice(0, MOST).map((fault, at) => (
        <OneFault key={at} fault={fault} />
      ))}
      {count > MOST && <p className="t3">{t("command.more_faults", { count: count - MOST })}</p>}
      {count > 0 && (
        <p className={`t2 ${css.note}`}>
          {!scheduler?.alive
            ? t("command.faultNoteStart")
            : saved.faults
              ? t("command.refusesDraft", { pid: scheduler.pid })
              : t("command.faultNote", { at: saved.modified ? clock(saved.modified) : "" })}
          {t("command.between")}
          {file.draft && !never && (
            <LinkButton whyNot={whyNot} act={() => say({ open: "review" })}>
              {t("command.draftAnyway")}
            </LinkButton>
          )}
        </p>
      )}
    </section>
  );
}

/** `leave`: what is done before its line is gone to. */
export function OneFault({ fault, leave }: { fault: Fault; leave?: () => void }) {
  const { t } = useTranslation();
  const { file, say, whyNot } = usePage();
  const { line, column } = fault;
  const cures = file.sheet?.text === file.text ? curesOf(file.text, fault) : [];
  return (
    <div className={css.fault}>
      {line > 0 && (
        <button
          type="button"
          className={`plain ${css.place}`}
          title={t("command.toLine", { line, column })}
          onClick={() => {
            leave?.();
            say({ view: "text", open: "" });
            jumpTo(line, column);
          }}
        >
          <IconCircleX size={14} stroke={1.75} aria-hidden />
          {line}:{column}
        </button>
      )}
      <p className={css.problem}>{faultSaid(fault)}</p>
      <div className={css.cures}>
        {cures.map((cure) => (
          <LinkButton key={cure.to} whyNot={whyNot} act={() => file.write(cured(file.text, cure))}>
            {t("command.changeTo", { to: cure.to })}
          </LinkButton>
        ))}
      </div>
    </div>
  );
}
