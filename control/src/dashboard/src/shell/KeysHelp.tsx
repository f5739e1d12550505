/** All keys, at "?". */
import { Modal } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePageKeys } from "./keys";
import { PAGES } from "./pages";
import css from "./KeysHelp.module.css";

const KEYS = [
  ["Ctrl K", "palette"],
  ["/", "filter"],
  ["J K", "move"],
  ["Enter", "open"],
  ["Space", "expand"],
  ["L", "log"],
  ["R", "retry"],
  ["H", "hold"],
  ["C", "copy"],
  ["X", "kill"],
  ["N", "new"],
  ["Ctrl S", "save"],
  ["Alt ↑ ↓", "reorder"],
  ["F", "follow"],
  ["E", "firstError"],
  ["[ ]", "attempt"],
  ["+ - 0", "zoom"],
  ["Esc", "close"],
] as const;

export function KeysHelp() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  usePageKeys({ "?": () => setOpen(true) });
  return (
    <Modal
      opened={open}
      onClose={() => {
        setOpen(false);
      }}
      title={t("keys.title")}
      closeButtonProps={{ "aria-label": t("errors.close") }}
      size={560}
    >
      <dl className={css.keys}>
        {PAGES.map(({ name, key }) => (
          <div key={name}>
            <dt>
              <kbd>G</kbd> <kbd>{key.toUpperCase()}</kbd>
            </dt>
            <dd>{t(`pages.${name}`)}</dd>
          </div>
        ))}
        {KEYS.map(([key, name]) => (
          <div key={name}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`keys.${name}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
