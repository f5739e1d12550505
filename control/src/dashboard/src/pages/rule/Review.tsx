/** Before it is saved: what changes, as values and in the file; and where somebody else has saved, both. */
import { Button, Drawer } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "@/format/time";
import { diffLines, countsOf } from "@/parts/diffLines";
import { Said } from "@/parts/Said";
import { fileName } from "@/parts/schedulers";
import { TextDiff } from "@/parts/TextDiff";
import * as toast from "@/parts/toast";
import { Why } from "@/parts/Why";
import type { Draft } from "./draft";
import { useFaults } from "./Faults";
import { unitSaid, valueSaid } from "./said";
import { useReaders } from "./readers";
import css from "./Review.module.css";

interface Props {
  draft: Draft;
  opened: boolean;
  close: () => void;
}

export function Review({ draft, opened, close }: Props) {
  const { t } = useTranslation();
  const file = fileName(draft.config.file);
  return (
    <Drawer
      opened={opened}
      onClose={close}
      position="right"
      size={760}
      title={
        <span>
          {draft.stale ? t("rule.conflictTitle", { file }) : t("rule.review")}{" "}
          <code>{!draft.stale && file}</code>
        </span>
      }
      classNames={{ content: css.content, header: css.header, body: css.body, title: css.title }}
      closeButtonProps={{ "aria-label": t("errors.close") }}
    >
      {draft.stale ? <Conflict draft={draft} close={close} /> : <Changes draft={draft} close={close} />}
    </Drawer>
  );
}

function Changes({ draft, close }: Omit<Props, "opened">) {
  const { t } = useTranslation();
  const [saving, setSaving] = useState(false);
  const count = useReaders(draft.config.file);
  const faults = useFaults(draft);
  const file = fileName(draft.config.file);
  const save = async () => {
    setSaving(true);
    try {
      if (!(await draft.save())) return;
      toast.said(t("rule.savedAt", { at: clock(Date.now() / 1000), count }));
      close();
    } catch (error) {
      toast.failed(error);
    } finally {
      setSaving(false);
    }
  };
  return (
    <>
      <div className={css.scroll}>
        <Values draft={draft} />
        <Head draft={draft} />
        <TextDiff before={draft.base} after={draft.text} said={t("rule.inFile")} />
      </div>
      <footer className={css.foot}>
        <span className="t2">
          {faults.length ? faults[0]?.said : !draft.changed ? t("rule.nothingChanged") : file}
        </span>
        <Button variant="subtle" onClick={close}>
          {t("rule.keepEditing")}
        </Button>
        <Why
          not={faults.length ? t("rule.faultsFirst") : draft.changed ? undefined : t("rule.nothingChanged")}
        >
          <Button variant="filled" loading={saving} onClick={() => void save()} data-autofocus>
            {t("rule.save")}
          </Button>
        </Why>
      </footer>
    </>
  );
}

function Values({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  return (
    <section className={css.values}>
      <h3>{t("rule.changes")}</h3>
      {draft.changes.length ? (
        <dl>
          {draft.changes.map(({ key, before, after }) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>
                <span className="t3">{valueSaid(key, before, t)}</span>
                <span aria-hidden> → </span>
                <b>{valueSaid(key, after, t)}</b> <span className="t3">{unitSaid(key, t)}</span>
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className="t2">{t(draft.changed ? "rule.onlyText" : "rule.nothingChanged")}</p>
      )}
    </section>
  );
}

function Head({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const counts = useMemo(() => countsOf(diffLines(draft.base, draft.text)), [draft.base, draft.text]);
  return (
    <h3 className={css.inFile}>
      {t("rule.inFile")} <span className={css.added}>+{counts.added}</span>{" "}
      <span className={css.gone}>−{counts.gone}</span>
    </h3>
  );
}

function Conflict({ draft, close }: Omit<Props, "opened">) {
  const { t } = useTranslation();
  const { config } = draft;
  const file = fileName(config.file);
  return (
    <>
      <div className={css.scroll}>
        <div className={css.values}>
          <p>
            <Said of="rule.conflict" file={file} at={clock(config.modified ?? 0)} />
          </p>
          <p className="t2">{t("rule.conflictHow")}</p>
        </div>
        <TextDiff before={config.text ?? ""} after={draft.text} said={t("rule.conflictTitle", { file })} />
      </div>
      <footer className={css.foot}>
        <span />
        <Button
          onClick={() => {
            draft.discard();
            close();
          }}
        >
          {t("rule.takeTheirs")}
        </Button>
        <Button variant="filled" onClick={draft.keepMine} data-autofocus>
          {t("rule.keepMine")}
        </Button>
      </footer>
    </>
  );
}
