/** Somebody else has saved the file while there is unsaved work on it: both are kept until one is chosen. */
import { Button, Modal } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "@/format/time";
import { Loading } from "@/parts/Empty";
import { Said } from "@/parts/Said";
import { said as toast } from "@/parts/toast";
import css from "./Command.module.css";
import { useFileName } from "./Head";
import { usePage } from "./page";

const Lines = lazy(() => import("./review/Lines"));

export function ConflictBar() {
  const { t } = useTranslation();
  const { file, said, say } = usePage();
  const name = useFileName();
  const { saved } = file;
  const at = saved.modified ? clock(saved.modified) : "";
  const close = () => say({ open: "" });
  const take = () => {
    close();
    file.discard();
    toast(t("command.theirsTaken"));
  };
  const keep = () => {
    file.keepMine();
    say({ open: "review" });
  };
  const choices = (
    <>
      <Button onClick={take}>{t("command.takeTheirs")}</Button>
      <Button onClick={keep}>{t("command.keepMine")}</Button>
    </>
  );
  return (
    <div className={css.bar} role="alert">
      <IconAlertTriangle size={16} stroke={1.75} aria-hidden />
      <span>
        <Said of={saved.exists ? "command.conflictBanner" : "command.conflictGone"} file={name} at={at} />
      </span>
      <span className={css.barRight}>
        <Button variant="subtle" onClick={() => say({ open: "compare" })}>
          {t("command.compare")}
        </Button>
        {choices}
      </span>
      <Modal
        opened={said.open === "compare"}
        onClose={close}
        closeButtonProps={{ "aria-label": t("command.close") }}
        size="min(960px, 96vw)"
        title={t("command.conflictTitle", { file: name, at })}
      >
        <div className="t2">{t("command.conflictText")}</div>
        <Suspense fallback={<Loading />}>
          <div className={css.compared}>
            <Lines before={saved.text} after={file.text} multi={saved.mode === "multi"} />
          </div>
        </Suspense>
        <div className={css.choices}>{choices}</div>
      </Modal>
    </div>
  );
}
