/** Panes that are drawers where the page is narrow. */
import { Button, Drawer } from "@mantine/core";
import { IconFileText, IconListDetails } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./Command.module.css";
import { usePage } from "./page";
import { Side } from "./Side";
import { Tree } from "./tree/Tree";

export function TreeDrawer() {
  const { t } = useTranslation();
  const { which, said } = usePage();
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  const shown = [t(`modes.${which.mode}`), t("command.configuration", { index: which.index })];
  if (said.queue) shown.push(t("command.queueOf", { queue: said.queue }));
  return (
    <div className={css.mobile}>
      <Button leftSection={<IconFileText size={14} stroke={1.75} />} onClick={() => setOpen(true)}>
        <span className="cut">{shown.join(" · ")}</span>
      </Button>
      <Drawer
        opened={open}
        onClose={close}
        title={t("command.files")}
        size="100%"
        closeButtonProps={{ "aria-label": t("command.close") }}
      >
        <Tree chosen={close} />
      </Drawer>
    </div>
  );
}

export function SideDrawer() {
  const { t } = useTranslation();
  const { said, say } = usePage();
  return (
    <Drawer
      opened={said.open === "side"}
      onClose={() => say({ open: "" })}
      position="right"
      size={400}
      closeButtonProps={{ "aria-label": t("command.close") }}
      padding={0}
      title={<span style={{ padding: 16 }}>{t("command.changesAndFaults")}</span>}
    >
      <Side />
    </Drawer>
  );
}

/** Where the right pane is none: what it would say in a number. */
export function SideButton() {
  const { t } = useTranslation();
  const { file, say } = usePage();
  const faults = file.sheet?.faultCount ?? 0;
  return (
    <Button
      hiddenFrom="lg"
      leftSection={<IconListDetails size={14} stroke={1.75} />}
      onClick={() => say({ open: "side" })}
    >
      {faults
        ? t("command.faultCount", { count: faults })
        : t("command.changes", { count: file.changes.length })}
    </Button>
  );
}
