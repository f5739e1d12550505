/** What is wrong with the text as it stands, at the right of it. */
import { IconCircleX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Draft } from "./draft";
import { faultSaid } from "./said";
import css from "./Rule.module.css";

export interface Listed {
  line: number;
  said: string;
}

export function useFaults(draft: Draft): Listed[] {
  const { t } = useTranslation();
  const here = draft.faults.map((fault) => ({
    line: lineOf(draft.text, fault.from),
    said: faultSaid(fault, t),
  }));
  // The console's own words are of what is saved.
  if (here.length || draft.changed) return here;
  return draft.config.faults.map(({ line, problem, hint }) => ({
    line,
    said: `${problem}${hint ? `; ${hint}` : ""}`,
  }));
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

export function Faults({ draft, jump }: { draft: Draft; jump: (line: number) => void }) {
  const { t } = useTranslation();
  const faults = useFaults(draft);
  if (!faults.length) return null;
  return (
    <section className={css.faults} aria-label={t("rule.faults")}>
      <h2 className={css.title}>{t("rule.faults")}</h2>
      <ul>
        {faults.map(({ line, said }, index) => (
          <li key={index}>
            <IconCircleX size={14} stroke={1.75} color="var(--gl-failed)" aria-hidden />
            <span>{said}</span>
            {line > 0 && (
              <button type="button" className={`plain ${css.link}`} onClick={() => jump(line)}>
                {t("rule.line", { line })}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
