/** Where the console is reached, who may what, and how it looks. */
import { Button } from "@mantine/core";
import { IconCircleX, IconGitCompare, IconHourglass } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useIdentity, useWhyNot } from "@/api/identity";
import type { ControlConfig } from "@/api/types";
import { clock } from "@/format/time";
import { useConfirm } from "@/parts/Confirm";
import { Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { Said } from "@/parts/Said";
import { fileName } from "@/parts/schedulers";
import * as toast from "@/parts/toast";
import { Why } from "@/parts/Why";
import { AddressCard } from "./AddressCard";
import { useDraft, useSettings, type Draft, type Value } from "./draft";
import { LookCard } from "./LookCard";
import { NoticesCard } from "./NoticesCard";
import { SecretsCard } from "./SecretsCard";
import { WorksCard } from "./WorksCard";
import { WritesCard } from "./WritesCard";
import css from "./Setting.module.css";

export function Setting() {
  const { t } = useTranslation();
  const query = useSettings();
  if (query.data) return <Loaded found={query.data} />;
  return (
    <Page title={t("pages.setting")}>
      {query.isError ? (
        <Failure error={query.error} again={() => void query.refetch()} />
      ) : (
        <Loading rows={8} />
      )}
    </Page>
  );
}

function Loaded({ found }: { found: ControlConfig }) {
  const { t } = useTranslation();
  const draft = useDraft(found);
  return (
    <Page title={t("pages.setting")} facts={<Facts found={found} />} right={<Head draft={draft} />}>
      <Notes draft={draft} />
      <div className={css.columns}>
        <div className={css.column}>
          <AddressCard draft={draft} />
          <SecretsCard found={found} />
          <WorksCard draft={draft} />
        </div>
        <div className={css.column}>
          <LookCard />
          <NoticesCard />
          <WritesCard />
        </div>
      </div>
    </Page>
  );
}

function Facts({ found }: { found: ControlConfig }) {
  const { t } = useTranslation();
  const who = useIdentity();
  const home = who ? `${who.home}/` : "";
  return (
    <>
      <code>{found.file.startsWith(home) ? found.file.slice(home.length) : found.file}</code>
      {!found.exists && `${t("rule.comma")}${t("setting.notThere")}`}
    </>
  );
}

function Head({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const [saving, setSaving] = useState(false);
  const keys = draft.changed.join(t("lists.comma"));
  const none = draft.changed.length ? undefined : t("setting.nothingChanged");
  const save = async () => {
    setSaving(true);
    try {
      const waiting = await draft.save();
      if (!waiting) return;
      const at = clock(Date.now() / 1000);
      const waits = waiting.join(t("lists.comma"));
      toast.said(waits ? t("setting.savedWaiting", { at, keys: waits }) : t("setting.saved", { at }));
    } catch (error) {
      toast.failed(error);
    } finally {
      setSaving(false);
    }
  };
  return (
    <>
      {draft.changed.length > 0 && (
        <Button
          variant="subtle"
          onClick={() =>
            confirm({
              title: t("setting.discardTitle"),
              body: t("setting.discardBody", { keys }),
              act: { label: t("setting.discard"), act: draft.discard },
            })
          }
        >
          {t("setting.discard")}
        </Button>
      )}
      <Why not={useWhyNot() ?? none}>
        <Button variant="filled" loading={saving} onClick={() => void save()}>
          {t("setting.save")}
        </Button>
      </Why>
    </>
  );
}

/** What is to be known before anything is changed. */
function Notes({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const { found } = draft;
  const file = fileName(found.file);
  return (
    <>
      {draft.stale && (
        <Note icon={<IconGitCompare size={16} stroke={1.75} color="var(--gl-waiting)" aria-hidden />}>
          <div>
            <Said of="setting.conflict" file={file} at={clock(found.modified ?? 0)} />
            {draft.changed.map((key) => (
              <div key={key}>
                {t("setting.conflictLine", {
                  key,
                  theirs: saidValue(found.values[key] as Value, t("setting.none")),
                  mine: saidValue(draft.value(key), t("setting.none")),
                })}
              </div>
            ))}
          </div>
          <Button onClick={draft.discard}>{t("setting.takeTheirs")}</Button>
          <Button onClick={draft.keepMine}>{t("setting.keepMine")}</Button>
        </Note>
      )}
      {found.faults.length > 0 && (
        <Note
          icon={<IconCircleX size={16} stroke={1.75} color="var(--gl-failed)" aria-hidden />}
          tone="failed"
        >
          <div>
            <Said of="setting.faults" file={file} />
            {found.faults.map(({ line, problem, hint }, index) => (
              <div key={index}>
                {line > 0 && `${t("rule.line", { line })}: `}
                {problem}
                {hint && `; ${hint}`}
              </div>
            ))}
          </div>
        </Note>
      )}
      {found.waiting.length > 0 && (
        <Note icon={<IconHourglass size={16} stroke={1.75} color="var(--gl-waiting)" aria-hidden />}>
          <div>
            <Said
              of="setting.waiting"
              count={found.waiting.length}
              keys={found.waiting.join(t("lists.comma"))}
              how={t("setting.waitingHow")}
            />
          </div>
        </Note>
      )}
    </>
  );
}

function saidValue(value: Value, none: string): string {
  if (value === null || (Array.isArray(value) && !value.length)) return none;
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function Note({ icon, tone, children }: { icon: ReactNode; tone?: "failed"; children: ReactNode }) {
  return (
    <div className={css.note} data-tone={tone} role="status">
      {icon}
      {children}
    </div>
  );
}
