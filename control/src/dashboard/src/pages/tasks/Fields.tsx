/** The fields of a new task. Those that are seldom said are folded away. */
import { Button, Collapse, NumberInput, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ask, GET } from "@/api/client";
import { useKnown } from "@/api/live";
import type { TaskDetail } from "@/api/types";
import { gb, measuredGb } from "@/format/memory";
import { peakOf } from "./Facts";
import { cardsOf, saysMore, type Draft, type Faults } from "./form";
import { isOfSubmitted } from "./list";
import { QueueChoice } from "./QueueChoice";
import css from "./Tasks.module.css";

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  faults: Faults;
  original: TaskDetail | undefined;
}

/** `children`: what comes before what is folded away. */
export function Fields({ draft, change, faults, original, children }: Props & { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        label={t("tasks.name")}
        autoFocus
        data-autofocus
        maxLength={4096}
        value={draft.name}
        error={faults.name?.join(" ")}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <Wanted draft={draft} change={change} faults={faults} original={original} />
      <Textarea
        label={
          <>
            {t("tasks.commands")} <span className={css.hint}>{t("tasks.commandsHint")}</span>
          </>
        }
        required
        withAsterisk={false}
        autosize
        minRows={6}
        maxRows={18}
        spellCheck={false}
        classNames={{ input: `mono ${css.commands ?? ""}` }}
        value={draft.commands}
        error={faults.commands?.join("\n")}
        onChange={(event) => change({ commands: event.currentTarget.value })}
      />
      <QueueChoice draft={draft} change={change} />
      {children}
      <More draft={draft} change={change} faults={faults} />
    </>
  );
}

function Wanted({ draft, change, faults, original }: Props) {
  const { t } = useTranslation();
  const types = useTypes(draft.gpuType);
  return (
    <div>
      <div className={css.wanted}>
        <Select
          label={t("tasks.gpuType")}
          rightSection={<IconChevronDown size={14} stroke={1.75} />}
          value={draft.gpuType || "any"}
          data={[
            { value: "any", label: t("tasks.anyType") },
            ...types.map((type) => ({ value: type, label: type })),
          ]}
          onChange={(type) => change({ gpuType: type === "any" ? "" : (type ?? "") })}
        />
        <NumberInput
          label={t("tasks.gpus")}
          min={0}
          max={1024}
          allowDecimal={false}
          hideControls
          value={draft.gpus}
          onChange={(gpus) => change({ gpus })}
        />
        <NumberInput
          label={t("tasks.memory")}
          min={0}
          max={1_000_000}
          decimalScale={1}
          hideControls
          disabled={draft.gpus === 0}
          suffix=" GB"
          placeholder={t("tasks.wholeCard")}
          value={draft.memory}
          error={faults.memory?.join(" ")}
          onChange={(memory) => change({ memory })}
        />
      </div>
      <MemoryHint draft={draft} original={original} />
    </div>
  );
}

function useTypes(chosen: string): string[] {
  const cards = useQuery({
    queryKey: ["gpus"],
    queryFn: () => ask(GET("/api/gpus")),
    staleTime: 60_000,
  }).data;
  const names = new Set((cards ?? []).map((card) => card.name));
  if (chosen) names.add(chosen);
  return [...names].sort();
}

/** "Run 131 peaked at 9.8 GB. 12 GB fits on each of the 8 GPUs." */
function MemoryHint({ draft, original }: Pick<Props, "draft" | "original">) {
  const { t } = useTranslation();
  const { gpus, schedulers } = useKnown();
  const living = schedulers.find(isOfSubmitted)?.state;
  const simulate = living ? (living.started_with?.simulate ?? null) : draft.simulate;
  const peak = original ? peakOf(original) : null;
  const peaked = peak === null ? "" : t("tasks.peaked", { id: original?.id, gb: measuredGb(peak) });
  const memory = Number.parseFloat(String(draft.memory));
  const type = draft.gpuType.toLowerCase();
  const cards = cardsOf(gpus?.cards ?? [], simulate).filter(
    (card) => card.in_range && card.name.toLowerCase().includes(type),
  );
  const count = cards.length;
  const fits = cards.filter((card) => memory <= card.total_gb - (gpus?.memory_margin_gb ?? 0)).length;
  const word = fits === count ? "fitsEach" : fits ? "fitsSome" : "fitsNone";
  const fitting =
    count && Number.isFinite(memory) && draft.gpus !== 0
      ? t(`tasks.${word}`, { gb: gb(memory), fits, count })
      : "";
  if (!peaked && !fitting) return null;
  return (
    <div className={css.under}>
      {peaked} {fitting}
    </div>
  );
}

function More({ draft, change, faults }: Omit<Props, "original">) {
  const { t } = useTranslation();
  const [wasOpened, setOpened] = useState(() => saysMore(draft));
  const isOpen = wasOpened || Boolean(faults.cwd ?? faults.timeout ?? faults.devices ?? faults.env);
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <div>
      <Button
        variant="subtle"
        className={css.fold ?? ""}
        aria-expanded={isOpen}
        leftSection={<Chevron size={14} stroke={1.75} />}
        onClick={() => setOpened(!isOpen)}
      >
        {t("tasks.moreFields")}
      </Button>
      <Collapse expanded={isOpen}>
        <div className={css.folded}>
          <Texts draft={draft} change={change} faults={faults} />
          <Textarea
            label={t("tasks.variables")}
            description={variablesNote(draft.env, t)}
            placeholder={t("tasks.variablesHint")}
            autosize
            minRows={2}
            maxRows={8}
            spellCheck={false}
            classNames={{ input: `mono ${css.commands ?? ""}` }}
            value={draft.env}
            error={faults.env?.join(" ")}
            onChange={(event) => change({ env: event.currentTarget.value })}
          />
          <Switch
            label={t("tasks.tmuxHint")}
            checked={draft.tmux}
            onChange={(event) => change({ tmux: event.currentTarget.checked })}
          />
        </div>
      </Collapse>
    </div>
  );
}

function variablesNote(env: string, t: TFunction): string | undefined {
  if (env.includes("********")) return t("tasks.masked");
  return env ? t("tasks.notKept") : undefined;
}

const TEXTS = [
  { name: "cwd", label: "tasks.folder", hint: "tasks.folderHint" },
  { name: "timeout", label: "tasks.limit", hint: "tasks.limitHint" },
  { name: "devices", label: "tasks.only", hint: "tasks.onlyHint" },
] as const;

function Texts({ draft, change, faults }: Omit<Props, "original">) {
  const { t } = useTranslation();
  return (
    <div className={css.texts}>
      {TEXTS.map(({ name, label, hint }) => (
        <TextInput
          key={name}
          className={name === "cwd" ? (css.whole ?? "") : ""}
          label={t(label)}
          placeholder={t(hint)}
          value={draft[name]}
          error={faults[name]?.join(" ")}
          onChange={(event) => change({ [name]: event.currentTarget.value })}
        />
      ))}
      <NumberInput
        label={t("tasks.retries")}
        placeholder={t("tasks.asRules")}
        min={0}
        max={999_999_999}
        allowDecimal={false}
        hideControls
        value={draft.retries}
        error={faults.retries?.join(" ")}
        onChange={(retries) => change({ retries })}
      />
      <NumberInput
        label={t("tasks.priority")}
        placeholder={t("tasks.priorityHint")}
        min={-999_999_999}
        max={999_999_999}
        allowDecimal={false}
        hideControls
        value={draft.priority}
        onChange={(priority) => change({ priority })}
      />
    </div>
  );
}
