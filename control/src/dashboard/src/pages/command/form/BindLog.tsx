/** Binds a file to a task as its log. */
import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failed, said } from "@/parts/toast";
import type { Bound, FileTask } from "@/api/types";
import { useBindings } from "@/parts/bindings";
import { refusalText } from "@/words/refused";
import { bind, unbind } from "../model/calls";
import { labelOf, type Item } from "../model/sheet";
import { usePage } from "../page";

/** The log that was bound to a task of the configuration that is shown, as it is saved. */
export function useBound(saved: FileTask | undefined): Bound | undefined {
  const { which } = usePage();
  const bindings = useBindings();
  return bindings.find(
    (one) =>
      saved && one.mode === which.mode && one.config_index === which.index && labelOf(one) === labelOf(saved),
  );
}

export function BindLog({ item, close }: { item: Item; close: () => void }) {
  const { t } = useTranslation();
  const { which, file, whyNot } = usePage();
  const saved = file.partners.get(item);
  const bound = useBound(saved);
  const [path, setPath] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const why = whyNot ?? (saved ? undefined : t("command.logNew"));
  const act = async (call: Promise<{ said?: string }>) => {
    try {
      const answer = await call;
      if (answer.said) said(answer.said);
      close();
    } catch (refused) {
      if (refused instanceof Error) setError(refusalText(refused));
      else failed(refused);
    }
  };
  const place = saved && { ...which, queue: saved.queue_id, task: saved.process_index };
  const text = path ?? bound?.log_path ?? "";
  const cannot = why !== undefined || !text.trim();
  return (
    <Modal
      opened
      onClose={close}
      closeButtonProps={{ "aria-label": t("command.close") }}
      title={t("command.logTitle", { task: labelOf(saved ?? item) })}
      size={560}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (place && !cannot) void act(bind(place, text.trim()));
        }}
      >
        <TextInput
          label={t("command.logPath")}
          description={t("command.logHint")}
          value={text}
          error={error}
          disabled={why !== undefined}
          spellCheck={false}
          data-autofocus
          onChange={(event) => {
            setPath(event.currentTarget.value);
            setError(null);
          }}
        />
        {why && (
          <Text fz="sm" mt="sm" c="var(--gl-t2)">
            {why}
          </Text>
        )}
        {bound && !bound.exists && (
          <Text fz="sm" mt="sm" c="var(--gl-t2)">
            {bound.problem ?? t("command.logMissing")}
          </Text>
        )}
        <Group justify="flex-end" mt="lg" gap="sm">
          {bound && place && (
            <Button variant="subtle" disabled={why !== undefined} onClick={() => void act(unbind(place))}>
              {t("command.logUnbind")}
            </Button>
          )}
          <Button variant="subtle" onClick={close}>
            {t("command.close")}
          </Button>
          <Button variant="filled" type="submit" disabled={cannot}>
            {t("command.logBind")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
