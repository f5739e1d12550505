/** How many GPUs one may hold, and what a change would do: gpu_manage.yaml as a form and as a text. */
import { Button, SegmentedControl } from "@mantine/core";
import { IconGitCompare, IconHistory } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useIdentity, useWhyNot } from "@/api/identity";
import type { Config } from "@/api/types";
import { clock } from "@/format/time";
import { useConfirm } from "@/parts/Confirm";
import { Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { Said } from "@/parts/Said";
import { useSaveKey } from "@/parts/saveKey";
import { Why } from "@/parts/Why";
import { fileName } from "@/parts/schedulers";
import { useParameters, wholeNumber } from "@/parts/parameters";
import { CapPane } from "./CapPane";
import { useConfig, useDraft, type Draft } from "./draft";
import { Faults } from "./Faults";
import { Form } from "./Form";
import { useReaders } from "./readers";
import css from "./Rule.module.css";

const Editor = lazy(() => import("./Editor"));
// With CodeMirror, whose comparison of texts they use.
const Review = lazy(async () => ({ default: (await import("./Review")).Review }));
const Versions = lazy(async () => ({ default: (await import("./Versions")).Versions }));
const NAMES = ["view", "version", "line"] as const;

export function Rule() {
  const { t } = useTranslation();
  const found = useConfig();
  if (found.data) return <Loaded config={found.data} />;
  return (
    <Page title={t("pages.rule")}>
      {found.isError ? (
        <Failure error={found.error} again={() => void found.refetch()} />
      ) : (
        <Loading rows={8} />
      )}
    </Page>
  );
}

function Loaded({ config }: { config: Config }) {
  const { t } = useTranslation();
  const draft = useDraft(config);
  const [said, say] = useParameters(NAMES);
  const [reviewing, setReviewing] = useState(false);
  const asText = said.view === "text";
  const review = () => setReviewing(true);
  const whyNot = useWhyNot();
  useSaveKey(() => {
    if (draft.changed && !whyNot) review();
  });
  return (
    <Page
      full
      title={t("pages.rule")}
      facts={<Facts config={config} />}
      right={
        <Head
          draft={draft}
          view={asText ? "text" : "form"}
          choose={(view) => say({ view: view === "text" ? view : "" })}
          review={review}
          versions={() => say({ version: "newest" })}
        />
      }
    >
      {draft.stale && <Stale draft={draft} compare={review} />}
      <div className={css.panes}>
        <div className={css.main}>
          {asText ? (
            <Suspense fallback={<Loading rows={12} />}>
              <Text draft={draft} line={wholeNumber(said.line)} shown={() => say({ line: "" })} />
            </Suspense>
          ) : (
            <Form draft={draft} toText={() => say({ view: "text" })} />
          )}
        </div>
        <aside className={css.side} aria-label={t("rule.cap")}>
          <Faults draft={draft} jump={(line) => say({ view: "text", line: String(line) })} />
          <CapPane draft={draft} />
        </aside>
      </div>
      <Suspense>
        <Review draft={draft} opened={reviewing} close={() => setReviewing(false)} />
        <Versions draft={draft} version={said.version} say={say} />
      </Suspense>
    </Page>
  );
}

function Text({ draft, line, shown }: { draft: Draft; line: number | null; shown: () => void }) {
  const { t } = useTranslation();
  const reads = useIdentity()?.role === "read";
  if (draft.config.text === null) return <p className="t2">{t("rule.hidden")}</p>;
  return (
    <Editor
      text={draft.text}
      edit={draft.edit}
      faults={draft.faults}
      keys={draft.config.keys}
      readOnly={reads}
      said={t("rule.editor", { file: fileName(draft.config.file) })}
      line={line}
      shown={shown}
    />
  );
}

function Facts({ config }: { config: Config }) {
  const { t } = useTranslation();
  const who = useIdentity();
  const count = useReaders(config.file);
  const home = who ? `${who.home}/` : "";
  const shown = config.file.startsWith(home) ? config.file.slice(home.length) : config.file;
  return (
    <>
      <code>{shown}</code>
      {t("rule.comma")}
      {config.exists ? t("rule.readBy", { count }) : t("rule.notThere")}
    </>
  );
}

interface HeadProps {
  draft: Draft;
  view: "form" | "text";
  choose: (view: string) => void;
  review: () => void;
  versions: () => void;
}

function Head({ draft, view, choose, review, versions }: HeadProps) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const file = fileName(draft.config.file);
  const count = Math.max(1, draft.changes.length);
  const discard = () =>
    confirm({
      title: t("rule.discardTitle"),
      body: t("rule.discardBody", { count, file }),
      act: { label: t("rule.discardDo"), act: draft.discard },
    });
  const whyNot = useWhyNot() ?? (draft.changed ? undefined : t("rule.nothingChanged"));
  const data = useMemo(
    () => [
      { value: "form", label: t("rule.form") },
      { value: "text", label: t("rule.text") },
    ],
    [t],
  );
  return (
    <>
      <SegmentedControl aria-label={t("rule.view")} data={data} value={view} onChange={choose} />
      <Button variant="subtle" leftSection={<IconHistory size={14} stroke={1.75} />} onClick={versions}>
        {t("rule.versions")}
      </Button>
      {draft.changed && (
        <Button variant="subtle" onClick={discard}>
          {t("rule.discard")}
        </Button>
      )}
      <Why not={whyNot}>
        <Button variant="filled" onClick={review}>
          {t("rule.review")}
          {draft.changed && <span className={css.count}>{count}</span>}
        </Button>
      </Why>
    </>
  );
}

/** Somebody else has saved: never silent. */
function Stale({ draft, compare }: { draft: Draft; compare: () => void }) {
  const { t } = useTranslation();
  const { config } = draft;
  return (
    <div className={css.stale} role="status">
      <IconGitCompare size={16} stroke={1.75} color="var(--gl-waiting)" aria-hidden />
      <span>
        <Said of="rule.conflict" file={fileName(config.file)} at={clock(config.modified ?? 0)} />
      </span>
      <Button variant="subtle" onClick={compare}>
        {t("rule.compare")}
      </Button>
    </div>
  );
}
