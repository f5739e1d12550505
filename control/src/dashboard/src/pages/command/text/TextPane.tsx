/** The middle as text. */
import { Button } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconHistory } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useKnown } from "@/api/live";
import type { Fault } from "@/api/types";
import page from "../Command.module.css";
import { useFileName } from "../Head";
import { cured, curesOf } from "../model/cures";
import { labelOf } from "../model/sheet";
import { useFaults } from "../model/useFaults";
import { usePage } from "../page";
import Editor from "./Editor";
import { jumpTo } from "./jump";
import css from "./Text.module.css";

export default function TextPane() {
  const { t } = useTranslation();
  const { file, say, which, whyNot } = usePage();
  const { gpus } = useKnown();
  const name = useFileName();
  const { faults } = useFaults();
  const [at, setAt] = useState({ line: 1, column: 1 });
  useChosen();
  const cures = (fault: Fault) =>
    whyNot
      ? []
      : curesOf(file.text, fault).map((cure) => ({
          label: t("command.changeTo", { to: cure.to }),
          act: () => file.write(cured(file.text, cure)),
        }));
  return (
    <>
      <div className={css.head}>
        <code>{name}</code>
        {file.draft && <span className={page.tag}>{t("command.unsaved")}</span>}
        <span className={css.headRight}>
          <span className={`t3 ${css.keys}`}>{t("command.completesSaves")}</span>
          <Button
            variant="subtle"
            leftSection={<IconHistory size={14} stroke={1.75} />}
            onClick={() => say({ open: "versions" })}
          >
            {t("command.versions")}
          </Button>
        </span>
      </div>
      <Editor
        key={`${which.mode} ${which.index}`}
        text={file.text}
        multi={which.mode === "multi"}
        readOnly={whyNot !== undefined || file.ahead}
        label={t("command.editor", { file: name })}
        faults={faults}
        cures={cures}
        about={(option) => t(`command.option.${option}`)}
        models={[...new Set((gpus?.cards ?? []).map((card) => card.name))]}
        write={file.write}
        moved={(line, column) => setAt({ line, column })}
      />
      <Foot line={at.line} column={at.column} />
    </>
  );
}

function Foot({ line, column }: { line: number; column: number }) {
  const { t } = useTranslation();
  const { file, say } = usePage();
  const { count, faults } = useFaults();
  const Icon = count ? IconCircleX : IconCircleCheck;
  const color = count ? "var(--gl-failed)" : "var(--gl-t2)";
  const [first] = faults ?? [];
  return (
    <div className={css.foot}>
      {faults === null ? (
        <span className="t3">{t("command.asking")}</span>
      ) : (
        <button
          type="button"
          className={`plain ${css.count}`}
          style={{ color }}
          onClick={() => {
            if (first) jumpTo(first.line, first.column);
            else say({ open: "" });
          }}
        >
          <Icon size={14} stroke={1.75} aria-hidden />
          {count ? t("command.faultCount", { count }) : t("command.noFaults")}
        </button>
      )}
      <span className={`t3 ${css.where}`}>
        {t("command.where", { line, column })}
        <span>UTF-8, {file.text.includes("\r\n") ? "CRLF" : "LF"}</span>
      </span>
    </div>
  );
}

/** The task that is chosen in the tree is shown. */
function useChosen(): void {
  const { file, said, which } = usePage();
  const { task, queue } = said;
  const chosen = `${which.mode} ${which.index} ${task || queue}`;
  const isKnown = file.queues !== null;
  const line = file.queues
    ?.flatMap((one) => one.tasks)
    .find((one) => (task ? labelOf(one) === task : String(one.queue_id) === queue))?.first_line;
  // Once for each choice, and not when it moves as the text is edited.
  const shown = useRef("");
  useEffect(() => {
    if (!isKnown || shown.current === chosen) return;
    shown.current = chosen; // also of what is not there: it may be typed later
    if (line) jumpTo(line);
  }, [chosen, line, isKnown]);
}
