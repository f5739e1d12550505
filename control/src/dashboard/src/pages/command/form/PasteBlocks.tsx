/** Blocks from elsewhere, as text, into the text. */
import { Button, Group, Modal, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { withBlocks } from "../model/paste";
import type { ItemQueue } from "../model/sheet";
import { usePage } from "../page";

export function PasteBlocks({ queue }: { queue?: ItemQueue }) {
  const { t } = useTranslation();
  const { file, whyNot } = usePage();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const close = () => {
    setOpen(false);
    setText("");
  };
  const off = whyNot !== undefined || file.ahead;
  return (
    <>
      <Button variant="subtle" title={whyNot} disabled={off} onClick={() => setOpen(true)}>
        {t("command.paste")}
      </Button>
      <Modal
        opened={open}
        onClose={close}
        closeButtonProps={{ "aria-label": t("command.close") }}
        title={t("command.pasteTitle")}
        size={640}
      >
        <Textarea
          label={queue ? t("command.pasteText", { queue: queue.queue_id }) : t("command.pasteTextEnd")}
          autosize
          minRows={8}
          maxRows={20}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
        />
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button variant="subtle" onClick={close}>
            {t("command.close")}
          </Button>
          <Button
            variant="filled"
            disabled={!text.trim()}
            onClick={() => {
              file.write(withBlocks(file.text, text, queue?.tasks.at(-1)?.last_line));
              close();
            }}
          >
            {t("command.pasteDo")}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
