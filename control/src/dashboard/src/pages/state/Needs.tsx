/** At most three things that wait for a person, each with the one thing to do about it. */
import { Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Scheduler } from "@/api/types";
import { gb } from "@/format/memory";
import { clock, duration } from "@/format/time";
import { useSecond } from "@/parts/now";
import { Said } from "@/parts/Said";
import { shortName } from "@/parts/schedulers";
import { StateIcon } from "@/parts/TaskState";
import { useVerbs } from "@/parts/verbs";
import { errorOf } from "@/words/causes";
import { sentence, waitsBecause } from "@/words/reasons";
import { gpuPage, logPage } from "@/shell/paths";
import { Why } from "@/parts/Why";
import { needsOf, type Need } from "./needs";
import css from "./State.module.css";

export function Needs({ schedulers }: { schedulers: readonly Scheduler[] }) {
  const { t } = useTranslation();
  const needs = needsOf(schedulers);
  if (!needs.length) return null;
  return (
    <section className={css.needs} aria-label={t("state.needs")}>
      {needs.map((need) => (
        <div key={need.id} className={`card ${css.need}`}>
          <OneNeed need={need} />
        </div>
      ))}
    </section>
  );
}

function OneNeed({ need }: { need: Need }) {
  const { t } = useTranslation();
  switch (need.kind) {
    case "died":
      return <Died one={need.one} />;
    case "failed":
      return (
        <Line
          icon={<StateIcon state="failed" size={16} />}
          action={
            need.log && (
              <Button component={Link} to={logPage(need.log)}>
                {t("verbs.log")}
              </Button>
            )
          }
        >
          <Said
            of="state.needsFailed"
            task={need.task}
            at={clock(need.at)}
            error={sentence(errorOf(need.error, need.cause))}
          />
        </Line>
      );
    case "never":
      return (
        <Line icon={<StateIcon state="waiting" size={16} />} action={null}>
          <Said of="state.needsNever" task={need.task} reason={waitsBecause(need.state)} />
        </Line>
      );
    case "off":
      return <Off need={need} />;
  }
}

function Off({ need: { task, state, off, on } }: { need: Extract<Need, { kind: "off" }> }) {
  const { t } = useTranslation();
  const memory = state.memory_gb == null ? null : gb(state.memory_gb);
  const needs =
    memory === null
      ? t("state.cardsWhole", { count: state.gpus })
      : t("state.cardsWith", { count: state.gpus, memory });
  return (
    <Line
      icon={<StateIcon state="waiting" size={16} />}
      action={
        <Button component={Link} to={gpuPage(off[0] ?? "")}>
          GPU {off[0]}
        </Button>
      }
    >
      <Said
        of="state.needsOff"
        task={task}
        off={t("state.areOff", { count: off.length, gpus: off.join(t("lists.comma")) })}
        needs={needs}
        on={t("state.wouldDo", { count: on })}
      />
    </Line>
  );
}

function Died({ one }: { one: Scheduler }) {
  const { t } = useTranslation();
  const now = useSecond();
  const revive = useVerbs()
    .ofScheduler(one)
    .find((verb) => verb.name === "revive");
  const running = one.left?.running ?? [];
  const left = running.length
    ? t("state.leftRunning", { count: running.length, tasks: running.join(t("lists.comma")) })
    : t("state.leftNothing");
  return (
    <Line
      icon={<IconPlugConnectedX size={16} stroke={1.75} color="var(--gl-failed)" />}
      action={
        revive && (
          <Why not={revive.whyNot} effect={revive.effect}>
            <Button onClick={revive.act}>{revive.label}</Button>
          </Why>
        )
      }
    >
      <Said
        of="state.needsDied"
        name={shortName(one, t)}
        ago={duration(now - (one.state?.updated_at ?? now))}
        left={left}
      />
    </Line>
  );
}

function Line({ icon, action, children }: { icon: ReactNode; action: ReactNode; children: ReactNode }) {
  return (
    <>
      <span className={css.needIcon}>{icon}</span>
      <div className={`${css.needText} t2`}>{children}</div>
      {action}
    </>
  );
}
