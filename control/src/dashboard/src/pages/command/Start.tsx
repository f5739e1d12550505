/** Starting a configuration's scheduler, with what one may want otherwise. */
import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconPlayerPlayFilled } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Refused } from "@/api/client";
import type { Fault } from "@/api/types";
import { fileName } from "@/parts/schedulers";
import { said } from "@/parts/toast";
import { Why } from "@/parts/Why";
import { refusalText } from "@/words/refused";
import css from "./Command.module.css";
import { OneFault } from "./Faults";
import { start, type StartOptions } from "./model/calls";
import { usePage } from "./page";

/** Faults that a dialog shows. */
const MOST = 5;
const PLAIN: StartOptions = { simulate: "", watch: false, fresh: false, paused: false };

export function StartButton() {
  const { t } = useTranslation();
  const { file, whyNot } = usePage();
  const [open, setOpen] = useState(false);
  const { saved } = file;
  const why =
    whyNot ??
    (saved.faults ? t("command.startRefusesDraft") : saved.tasks ? undefined : t("command.nothingTitle"));
  return (
    <>
      <Why not={why} effect={t("command.startHint")}>
        <Button leftSection={<IconPlayerPlayFilled size={14} stroke={1.75} />} onClick={() => setOpen(true)}>
          {t("command.start")}
        </Button>
      </Why>
      <StartDialog open={open} close={() => setOpen(false)} />
    </>
  );
}

/** "gpu_manage.yaml:3:1: max_gpu has to be ..." */
function elsewhere(fault: Fault): Fault {
  const place = fault.line ? `${fileName(fault.file)}:${fault.line}:${fault.column}: ` : "";
  return { ...fault, line: 0, problem: place + fault.problem };
}

function StartDialog({ open, close }: { open: boolean; close: () => void }) {
  const { t } = useTranslation();
  const { which, file } = usePage();
  const { saved } = file;
  const [options, setOptions] = useState(PLAIN);
  const [busy, setBusy] = useState(false);
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  const [refusal, setRefusal] = useState("");
  const name = `${t(`modes.${which.mode}`)} · ${t("command.configuration", { index: which.index })}`;
  const act = async () => {
    setBusy(true);
    setFaults([]);
    setRefusal("");
    try {
      said((await start(which, options)).said);
      close();
    } catch (error) {
      const found = error instanceof Refused ? error.problem.faults : [];
      if (found.length) setFaults(found);
      else setRefusal(error instanceof Error ? refusalText(error) : String(error));
    }
    setBusy(false);
  };
  const flag = (key: "watch" | "fresh" | "paused", label: string) => (
    <Checkbox
      size="sm"
      classNames={{ input: css.check }}
      label={label}
      checked={options[key]}
      onChange={(event) => setOptions({ ...options, [key]: event.currentTarget.checked })}
    />
  );
  return (
    <Modal
      opened={open}
      onClose={close}
      closeButtonProps={{ "aria-label": t("command.close") }}
      title={t("command.startTitle", { name })}
      size={480}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void act();
        }}
      >
        <Stack gap="md">
          {flag("watch", t("command.watch"))}
          {flag("fresh", t("command.fresh"))}
          {flag("paused", t("command.pausedStart"))}
          <TextInput
            label={t("command.simulate")}
            description={t("command.simulateHint")}
            placeholder="4x24"
            // As it is typed: our letters show 4x24 as 4×24.
            classNames={{ input: "mono" }}
            value={options.simulate}
            onChange={(event) => setOptions({ ...options, simulate: event.currentTarget.value.trim() })}
          />
          <Text fz="sm" c="var(--gl-t3)">
            {file.draft ? `${t("command.startSaves")} ` : ""}
            {t("command.startHint")}
          </Text>
          <div role="alert" className={css.refusal}>
            {refusal}
            {faults.slice(0, MOST).map((fault, at) => (
              // A line is gone to in this file alone.
              <OneFault key={at} fault={fault.file === saved.path ? fault : elsewhere(fault)} leave={close} />
            ))}
          </div>
        </Stack>
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button variant="subtle" onClick={close}>
            {t("command.close")}
          </Button>
          <Button variant="filled" type="submit" loading={busy} data-autofocus>
            {t("command.startDo")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
