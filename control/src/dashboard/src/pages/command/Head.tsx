/** The page's head: what is saved of the file, who runs it, and what can be done with both. */
import { Button, SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowBarToDown, IconPlayerPlayFilled, IconSquare } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { clock } from "@/format/time";
import { SchedulerDot, statusOf } from "@/parts/SchedulerState";
import { fileName } from "@/parts/schedulers";
import { useVerbs, type Doable, type SchedulerVerb } from "@/parts/verbs";
import { Why } from "@/parts/Why";
import css from "./Command.module.css";
import { SideButton } from "./drawers";
import { usePage } from "./page";
import { StartButton } from "./Start";

export function Facts() {
  const { t } = useTranslation();
  const { file } = usePage();
  const { saved } = file;
  const path = saved.path.split("/").slice(-2).join("/");
  if (!saved.exists) return path + t("command.afterPath") + t("command.factsNew");
  return (
    <>
      <code>{path}</code>
      {t("command.afterPath")}
      {t("command.facts", {
        at: saved.modified ? clock(saved.modified) : "",
        tasks: t("command.tasks", { count: saved.tasks }),
        queues: t("command.queues", { count: saved.queues }),
      })}
    </>
  );
}

/** On a narrow page they scroll sideways, and what is wanted most comes first. */
export function Right() {
  const narrow = useMediaQuery("(max-width: 639px)", false);
  const parts = narrow
    ? [ViewChoice, ReviewButton, SideButton, Running]
    : [ViewChoice, Rule, Running, SideButton, ReviewButton];
  return (
    <div className={css.actions}>
      {parts.map((Part) => (
        <Part key={Part.name} />
      ))}
    </div>
  );
}

function Rule() {
  return <span className={css.rule} />;
}

function ViewChoice() {
  const { t } = useTranslation();
  const { said, say } = usePage();
  return (
    <SegmentedControl
      aria-label={t("command.view")}
      value={said.view === "text" ? "text" : "form"}
      onChange={(view) => say({ view: view === "text" ? "text" : "" })}
      data={[
        { value: "form", label: t("command.form") },
        { value: "text", label: t("command.text") },
      ]}
    />
  );
}

function ReviewButton() {
  const { t } = useTranslation();
  const { say, file, whyNot } = usePage();
  const { changes, draft } = file;
  const nothing = draft ? undefined : t("command.nothingToSave");
  return (
    <Why not={nothing} effect={whyNot}>
      <Button variant="filled" onClick={() => say({ open: "review" })}>
        {t("command.review")}
        {changes.length > 0 && <span className={css.count}>{changes.length}</span>}
      </Button>
    </Why>
  );
}

const ICONS: Partial<Record<SchedulerVerb, typeof IconSquare>> = {
  drain: IconArrowBarToDown,
  stop: IconSquare,
  resume: IconPlayerPlayFilled,
  revive: IconPlayerPlayFilled,
};

/** Of a scheduler that runs: how it does, and its verbs. Else what starts one. */
function Running() {
  const { t } = useTranslation();
  const { scheduler: one } = usePage();
  const verbs = useVerbs();
  if (!one) return <StartButton />;
  const status = statusOf(one);
  const doable = verbs.ofScheduler(one).filter(({ name }) => name in ICONS);
  const told = one.alive || status === "died";
  const color =
    status === "running" ? "var(--gl-running)" : status === "died" ? "var(--gl-failed)" : "var(--gl-t2)";
  return (
    <>
      {told && (
        <span className={css.status} style={{ color }}>
          <SchedulerDot one={one} />
          {t("command.running", { status: t(`scheduler.${status}`), pid: one.pid })}
        </span>
      )}
      {doable.map((verb) => (
        <Verb key={verb.name} verb={verb} />
      ))}
      {!one.alive && <StartButton />}
    </>
  );
}

function Verb({ verb }: { verb: Doable<SchedulerVerb> }) {
  const Icon = ICONS[verb.name];
  const { whyNot } = verb;
  return (
    <Why not={whyNot} effect={verb.effect}>
      <Button leftSection={Icon && <Icon size={14} stroke={1.75} />} onClick={verb.act}>
        {verb.label}
      </Button>
    </Why>
  );
}

export function useFileName(): string {
  return fileName(usePage().file.saved.path);
}
