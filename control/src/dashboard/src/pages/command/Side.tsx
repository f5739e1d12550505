/** The right pane: what is unsaved, what is wrong, what would happen. */
import { Button } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { serverNow } from "@/api/live";
import { clock, duration } from "@/format/time";
import { useConfirm } from "@/parts/Confirm";
import { ChangeList } from "./Changes";
import { Faults } from "./Faults";
import { useFileName } from "./Head";
import { LinkButton } from "./Link";
import { useFaults } from "./model/useFaults";
import { usePage } from "./page";
import css from "./Side.module.css";
import { WhatWould } from "./WhatWould";

const MOST = 40;

export function Side() {
  const { file, said, say, scheduler } = usePage();
  const { t } = useTranslation();
  const { count: faults } = useFaults();
  const asked = file.draft !== null || !scheduler?.alive;
  return (
    <div className={css.side}>
      {(faults > 0 || said.view === "text") && <Faults />}
      <Unsaved />
      {asked && faults === 0 && file.text.trim() !== "" && (
        <section className={css.section}>
          <h2 className={css.head}>{t(file.draft ? "command.wouldTitle" : "command.wouldStart")}</h2>
          <WhatWould />
          {file.draft && (
            <Button
              mt="md"
              leftSection={<IconEye size={14} stroke={1.75} />}
              onClick={() => say({ open: "review" })}
            >
              {t("command.fullPreview")}
            </Button>
          )}
        </section>
      )}
    </div>
  );
}

function Unsaved() {
  const { t } = useTranslation();
  const { file } = usePage();
  const { draft, changes } = file;
  const discard = useDiscard();
  return (
    <section className={css.section}>
      <h2 className={css.head}>
        {t("command.changesTitle")}
        {draft && (
          <span className={css.headRight}>
            <LinkButton act={discard}>{t("command.discard")}</LinkButton>
          </span>
        )}
      </h2>
      {draft ? (
        <>
          <ChangeList changes={changes.slice(0, MOST)} />
          {changes.length === 0 && !file.ahead && <p className="t2">{t("command.textOnly")}</p>}
          {changes.length > MOST && (
            <p className="t3">{t("command.moreChanges", { count: changes.length - MOST })}</p>
          )}
          <p className={`t2 ${css.note}`}>
            {file.unkept ? t("command.unkept") : t("command.keptSince", { at: clock(draft.since) })}
            {t("command.between")}
            <Untouched />
          </p>
        </>
      ) : (
        <p className="t2">{t("command.noChanges")}</p>
      )}
    </section>
  );
}

function Untouched() {
  const { t } = useTranslation();
  const { tasks } = usePage();
  const running = [...tasks].filter(([, task]) => task.state.status === "running").map(([label]) => label);
  const count = running.length;
  if (!count) return null;
  const [last, shown] = [running.at(-1), running.slice(0, -1)];
  const told =
    shown.length && shown.length < 6
      ? t("lists.and", { one: shown.join(t("lists.comma")), other: last })
      : running.slice(0, 6).join(t("lists.comma")) + (count > 6 ? "…" : "");
  return t("command.untouched", { count, tasks: told });
}

export function useDiscard(): () => void {
  const { t } = useTranslation();
  const { file } = usePage();
  const name = useFileName();
  const confirm = useConfirm();
  return () => {
    if (!file.draft) return;
    const count = Math.max(1, file.changes.length);
    confirm({
      title: t("command.discardTitle", { file: name }),
      body: t("command.discardBody", {
        changes: t("command.changes", { count }),
        ago: duration(serverNow() - file.draft.since),
      }),
      act: { label: t("command.discardDo"), act: file.discard },
    });
  };
}
