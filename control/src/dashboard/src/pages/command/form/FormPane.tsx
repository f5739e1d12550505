/** The middle as forms: a queue's tasks, or why there are none to show. */
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { refusalText } from "@/words/refused";
import { blank, added } from "../model/edits";
import { usePage } from "../page";
import { useMake } from "../tree/NewConfiguration";
import { PasteBlocks } from "./PasteBlocks";
import { QueuePane } from "./QueuePane";
import css from "./Form.module.css";

export function FormPane() {
  const { t } = useTranslation();
  const { file, said, say, whyNot } = usePage();
  const make = useMake();
  const { queues, sheet, saved, draft } = file;
  if (!sheet && !queues)
    return (
      <div className={css.pad}>{file.refused === null ? <Loading /> : <Failure error={file.refused} />}</div>
    );
  if (!queues)
    return (
      <div className={css.pad}>
        <Empty
          title={t("command.tooLargeTitle")}
          text={t("command.tooLargeText")}
          action={<Button onClick={() => say({ view: "text" })}>{t("command.toText")}</Button>}
        />
      </div>
    );
  if (!saved.exists && !draft)
    return (
      <div className={css.pad}>
        <Empty
          title={t("command.emptyTitle")}
          text={t("command.emptyText")}
          action={
            <Button disabled={whyNot !== undefined} title={whyNot} onClick={() => void make()}>
              {t("command.emptyDo")}
            </Button>
          }
        />
      </div>
    );
  const wanted = Number(said.queue || said.task.split("/")[0]);
  const queue = queues.find((one) => one.queue_id === wanted) ?? queues[0];
  if (!queue)
    return (
      <div className={css.pad}>
        <BrokenBlocks />
        <Empty
          title={t("command.nothingTitle")}
          text={t("command.nothingText")}
          action={
            <>
              <Button
                disabled={whyNot !== undefined}
                title={whyNot}
                leftSection={<IconPlus size={14} stroke={1.75} />}
                onClick={() => {
                  void file.edit(added(1, 0, blank(undefined, 1, t("command.newTask"))));
                  say({ queue: "1", task: "1/0" });
                }}
              >
                {t("command.addTask")}
              </Button>
              <PasteBlocks />
            </>
          }
        />
      </div>
    );
  return <QueuePane key={queue.queue_id} queue={queue} />;
}

/** Blocks that no form can show. */
export function BrokenBlocks() {
  const { t } = useTranslation();
  const { file, say } = usePage();
  const broken = file.sheet?.broken ?? [];
  if (!broken.length) return null;
  return (
    <div className={css.broken}>
      {broken.slice(0, 5).map(({ block, first_line, last_line }) => (
        <div key={block}>{t("command.brokenTitle", { first: first_line, last: last_line })}</div>
      ))}
      <Button variant="subtle" onClick={() => say({ view: "text" })}>
        {t("command.toText")}
      </Button>
    </div>
  );
}

/** Why the last edit was taken back. */
export function NotTaken() {
  const { t } = useTranslation();
  const { file } = usePage();
  if (file.refused === null) return null;
  const why = file.refused instanceof Error ? refusalText(file.refused) : "";
  return (
    <div className={css.broken} role="alert">
      {t("command.notTaken", { why })}
    </div>
  );
}
