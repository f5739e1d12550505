/** The form of a new task, empty or as a copy; below it what would become of it now. */
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, POST, Refused } from "@/api/client";
import { useWhyNot } from "@/api/identity";
import type { TaskDetail } from "@/api/types";
import { Failure, Loading } from "@/parts/Empty";
import { useConfirm } from "@/parts/Confirm";
import { wholeNumber } from "@/parts/parameters";
import { failed, said as toast } from "@/parts/toast";
import { PaneHead, useTaskDetail } from "./Detail";
import { bodyOf, copied, EMPTY, faultsByField, isSame, wrongLine, type Draft } from "./form";
import { Fields } from "./Fields";
import { LIST } from "./list";
import { titleOf } from "./said";
import { StartLine, usePreview } from "./StartLine";
import { write, written } from "./written";
import type { Say } from "./Tasks";
import css from "./Tasks.module.css";

export function NewTask({ copy, say }: { copy: string; say: Say }) {
  const { t } = useTranslation();
  const original = useTaskDetail(wholeNumber(copy) ?? 0);
  const close = () => say({ new: "", copy: "" });
  if (!copy || original.data) return <Form copy={copy} original={original.data} say={say} close={close} />;
  return (
    <>
      <PaneHead title={t("tasks.new")} second="" close={close} />
      <div className={css.paneBody}>
        {original.error ? (
          <Failure error={original.error} again={() => void original.refetch()} />
        ) : (
          <Loading />
        )}
      </div>
    </>
  );
}

interface FormProps {
  copy: string;
  original: TaskDetail | undefined;
  say: Say;
  close: () => void;
}

function Form({ copy, original, say, close }: FormProps) {
  const { t } = useTranslation();
  // As it was copied: what becomes of the original meanwhile changes nothing here.
  const [first] = useState(() => (original ? copied(original) : EMPTY));
  const [draft, setDraft] = useState(() => written(copy, first));
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    write(copy, isSame(next, first) ? null : next);
    setDraft(next);
  };
  const sending = useCreate(copy, say);
  const preview = usePreview(draft);
  const refusal = sending.error instanceof Refused ? sending.error.problem.faults : undefined;
  const faults = faultsByField(refusal ?? (preview.row?.state === "never" ? [] : preview.faults), (line) =>
    t("tasks.line", { line }),
  );
  const wrong = wrongLine(draft.env);
  if (wrong !== undefined) faults.env = [t("tasks.variablesWrong", { line: wrong })];
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (draft.commands.trim() && wrong === undefined && !sending.isPending) sending.mutate(draft);
      }}
    >
      <PaneHead
        title={t("tasks.new")}
        second={original ? t("tasks.copiedFrom", { task: titleOf(original) }) : ""}
        close={close}
      />
      <div className={css.paneBody}>
        <Fields
          draft={draft}
          change={(part) => {
            sending.reset();
            change(part);
          }}
          faults={faults}
          original={original}
        >
          <StartLine draft={draft} preview={preview} />
        </Fields>
      </div>
      <Foot
        isSame={isSame(draft, first)}
        reset={() => {
          write(copy, null);
          sending.reset();
          setDraft(first);
        }}
        close={close}
        canSend={draft.commands.trim() !== "" && wrong === undefined}
        isSending={sending.isPending}
      />
    </form>
  );
}

function useCreate(copy: string, say: Say) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (draft: Draft) => ask(POST("/api/tasks", { body: bodyOf(draft) })),
    onSuccess: (task) => {
      write(copy, null);
      toast(task.said.charAt(0).toUpperCase() + task.said.slice(1));
      say({ task: String(task.id), new: "", copy: "" });
      void queries.invalidateQueries({ queryKey: [LIST] });
    },
    onError: (error) => {
      // What belongs to fields stands there.
      const faults = error instanceof Refused ? faultsByField(error.problem.faults, String) : {};
      if (!Object.keys(faults).length || faults[""]) failed(error);
    },
  });
}

interface FootProps {
  isSame: boolean;
  reset: () => void;
  close: () => void;
  canSend: boolean;
  isSending: boolean;
}

function Foot({ isSame, reset, close, canSend, isSending }: FootProps) {
  const { t } = useTranslation();
  const whyNot = useWhyNot();
  const confirm = useConfirm();
  const askToReset = () =>
    confirm({
      title: t("tasks.discardTitle"),
      body: t("tasks.discardBody"),
      act: { label: t("tasks.discardDo"), act: reset },
    });
  return (
    <div className={css.paneFoot}>
      <button type="button" className={`plain ${css.reset}`} disabled={isSame} onClick={askToReset}>
        {t("tasks.reset")}
      </button>
      <span className={css.gap} />
      <Button variant="subtle" className={css.big ?? ""} onClick={close}>
        {t("tasks.dismiss")}
      </Button>
      <Button
        type="submit"
        variant="filled"
        className={css.big ?? ""}
        disabled={whyNot !== undefined || !canSend}
        title={whyNot}
        loading={isSending}
      >
        {t("tasks.create")}
      </Button>
    </div>
  );
}
