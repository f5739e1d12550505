/** A row a key: its name, what it means, and its value. */
import { Button } from "@mantine/core";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import type { ConfigKey } from "@/api/types";
import { useIdentity } from "@/api/identity";
import { valuesOf } from "./changes";
import type { Draft } from "./draft";
import { Field } from "./Field";
import { grouped } from "./groups";
import { faultSaid, meaningOf, valueSaid } from "./said";
import type { Value } from "./yaml";
import css from "./Rule.module.css";

export function Form({ draft, toText }: { draft: Draft; toText: () => void }) {
  const { t } = useTranslation();
  const { keys } = draft.config;
  const values = useMemo(() => valuesOf(draft.text, keys), [draft.text, keys]);
  const { hash } = useLocation();
  useEffect(() => {
    // After the shell, which leads to the top of each page.
    const drawn = requestAnimationFrame(() => document.getElementById(hash.slice(1))?.focus());
    return () => cancelAnimationFrame(drawn);
  }, [hash]);
  const all = values.get("use_all_gpus") === true && !isChanged(draft, "compete_gpus");
  return (
    <div className={css.form}>
      {draft.faults.some((fault) => fault.kind === "syntax") && (
        <div className={css.broken} role="status">
          {t("rule.broken")}
          <Button variant="subtle" onClick={toText}>
            {t("rule.toText")}
          </Button>
        </div>
      )}
      {grouped(keys).map(([group, some]) => (
        <section key={group} aria-labelledby={`group-${group}`}>
          <h2 id={`group-${group}`} className={css.title}>
            {t(`rule.groups.${group}`)}
          </h2>
          {some
            // Named cards say nothing while all are used.
            .filter(({ key }) => key !== "compete_gpus" || !all)
            .map((key) => (
              <Row key={key.key} of={key} value={values.get(key.key)} draft={draft} />
            ))}
        </section>
      ))}
    </div>
  );
}

function isChanged(draft: Draft, key: string): boolean {
  return draft.changes.some((change) => change.key === key);
}

function Row({ of: key, value, draft }: { of: ConfigKey; value: Value | undefined; draft: Draft }) {
  const { t } = useTranslation();
  // Without a connection one may type on: it is kept here until it can be saved.
  const whyNot = useIdentity()?.role === "read" ? t("verbs.readOnly") : undefined;
  const change = draft.changes.find((one) => one.key === key.key);
  const fault = draft.faults.find((one) => one.key === key.key);
  const id = `rule-${key.key}`;
  const wide = key.type === "list" || (key.type === "string" && !key.choices);
  return (
    <div className={css.row} data-wide={wide || undefined}>
      <div className={css.words}>
        <label className={css.key} htmlFor={id}>
          {key.key}
        </label>
        <div className={css.meaning} id={`${id}-meaning`}>
          {meaningOf(key, t)}
        </div>
        {fault && (
          <div className={css.wrong} role="alert">
            {faultSaid(fault, t)}
          </div>
        )}
      </div>
      <div className={css.value}>
        {change && (
          <button
            type="button"
            className={`plain ${css.was}`}
            title={t("rule.putBack")}
            onClick={() => draft.set(key, change.before ?? null)}
          >
            {t("rule.was", { value: valueSaid(key.key, change.before, t) })}
          </button>
        )}
        {value === undefined ? (
          <span className="t3">{t("rule.notHere")}</span>
        ) : (
          <Field
            id={id}
            of={key}
            value={value}
            whyNot={whyNot}
            wrong={fault !== undefined}
            set={(next) => draft.set(key, next)}
          />
        )}
      </div>
    </div>
  );
}
