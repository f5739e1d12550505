/** Before a save: what changes, and what it will do. */
import { ActionIcon, Button, Drawer, SegmentedControl } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { clock, clockSeconds } from "@/format/time";
import { Failure, Loading } from "@/parts/Empty";
import { ChangeList } from "../Changes";
import { OneFault } from "../Faults";
import { useFileName } from "../Head";
import { useFaults } from "../model/useFaults";
import { usePreview } from "../model/usePreview";
import { usePage } from "../page";
import { Doing } from "./Doing";
import { counts, rowsOf } from "./lines";
import Lines from "./Lines";
import css from "./Review.module.css";
import { useSave } from "./useSave";

export default function Review() {
  const { t } = useTranslation();
  const { file, say } = usePage();
  const name = useFileName();
  const [as, setAs] = useState("text");
  const close = () => say({ open: "" });
  return (
    <Drawer.Root
      opened
      onClose={close}
      position="right"
      size={1008}
      transitionProps={{ duration: 180 }}
      classNames={{ inner: css.under, overlay: css.under, content: css.drawer }}
    >
      <Drawer.Overlay backgroundOpacity={0.5} />
      <Drawer.Content aria-label={t("command.review")}>
        <div className={css.head}>
          <Drawer.Title className={css.title}>{t("command.review")}</Drawer.Title>
          <code className="t3 cut">{name}</code>
          <span className={css.headRight}>
            <SegmentedControl
              aria-label={t("command.reviewView")}
              value={as}
              onChange={setAs}
              data={[
                { value: "text", label: t("command.asText") },
                { value: "tasks", label: t("command.asTasks") },
              ]}
            />
            <ActionIcon aria-label={t("command.close")} onClick={close}>
              <IconX size={16} stroke={1.75} />
            </ActionIcon>
          </span>
        </div>
        <div className={css.halves}>
          <section className={css.left}>
            <LeftHead />
            {as === "tasks" ? (
              <div className={css.pad}>
                <ChangeList changes={file.changes} />
                {!file.changes.length && <p className="t2">{t("command.textOnly")}</p>}
              </div>
            ) : (
              <Lines before={file.saved.text} after={file.text} multi={file.saved.mode === "multi"} />
            )}
          </section>
          <WhatItDoes />
        </div>
        <Foot close={close} />
      </Drawer.Content>
    </Drawer.Root>
  );
}

function LeftHead() {
  const { t } = useTranslation();
  const { file } = usePage();
  const { saved, text } = file;
  const { added, left } = useMemo(() => counts(rowsOf(saved.text, text)), [saved.text, text]);
  return (
    <div className={css.halfHead}>
      <h3>{t("command.whatChanges")}</h3>
      <span style={{ color: "var(--gl-completed)" }}>+{added}</span>
      <span style={{ color: "var(--gl-failed)" }}>−{left}</span>
      <span className={`t3 ${css.headRight}`}>
        {saved.exists && saved.modified
          ? t("command.against", { at: clock(saved.modified) })
          : t("command.againstNone")}
      </span>
    </div>
  );
}

function WhatItDoes() {
  const { t } = useTranslation();
  const { file } = usePage();
  const { preview, error, at } = usePreview(file);
  const { faults, never } = useFaults();
  return (
    <section className={css.right}>
      <div className={css.halfHead}>
        <h3>{t("command.whatItDoes")}</h3>
        <span className={`t3 ${css.headRight}`}>
          {preview?.simulate
            ? t("command.simulated", { cards: preview.simulate })
            : at > 0 && t("command.asOf", { at: clockSeconds(at / 1000) })}
        </span>
      </div>
      {faults?.length ? (
        <div className={css.pad}>
          <p className="strong">{t("command.refusedWhole")}</p>
          <p className="t2">{t("command.refusedText")}</p>
          {faults.slice(0, 20).map((fault, place) => (
            <OneFault key={place} fault={fault} />
          ))}
        </div>
      ) : null}
      {error ? (
        <Failure error={error} />
      ) : !preview ? (
        <Loading />
      ) : (
        (!faults?.length || never) && <Doing preview={preview} />
      )}
    </section>
  );
}

function Foot({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { file, scheduler, whyNot } = usePage();
  const draft = (file.sheet?.faultCount ?? 0) > 0;
  const { save, busy } = useSave(draft, close);
  const pid = scheduler?.pid ?? 0;
  const told = !scheduler?.alive ? "nobodyRuns" : draft ? "refusesDraft" : "takesOver";
  const why = whyNot ?? (file.draft ? undefined : t("command.nothingToSave"));
  const isIdle = why !== undefined || file.ahead;
  return (
    <div className={css.foot}>
      <span className="t2">{t(`command.${told}`, { pid })}</span>
      <span className={css.headRight}>
        <Button variant="subtle" onClick={close}>
          {t("command.keepEditing")}
        </Button>
        <Button
          variant="filled"
          h={36}
          loading={busy}
          // Not disabled, which would take the focus from it.
          aria-disabled={isIdle}
          data-disabled={isIdle || undefined}
          title={why}
          onClick={isIdle ? undefined : save}
          data-autofocus
        >
          {t(draft ? "command.saveDraft" : "command.save")}
        </Button>
      </span>
    </div>
  );
}
