/** What can be done with schedulers and tasks: a word, its effect in a sentence, and the doing. */
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { ask, POST } from "@/api/client";
import { useWhyNot } from "@/api/identity";
import { serverNow } from "@/api/live";
import type { Scheduler, Task } from "@/api/types";
import { duration } from "@/format/time";
import { words } from "@/words";
import { useConfirm } from "./Confirm";
import { statusOf } from "./SchedulerState";
import { longName } from "./schedulers";
import { doing } from "./toast";

export type SchedulerVerb = "pause" | "resume" | "drain" | "stop" | "revive" | "dismiss";
export type TaskVerb = "kill" | "retry" | "hold" | "release";

export interface Doable<Name extends string> {
  name: Name;
  label: string;
  effect: string;
  whyNot: string | undefined;
  act: () => void;
}

/** A task where it stands: of a scheduler, in a queue. */
export interface Placed {
  pid: number;
  queue: number;
  task: Task;
}

interface Verbs {
  ofScheduler: (one: Scheduler) => Doable<SchedulerVerb>[];
  ofTask: (placed: Placed) => Doable<TaskVerb>[];
}

type Word = "pause" | "drain" | "kill" | "retry" | "hold" | "release";

function say(pid: number, verb: Word, body: { task?: string; key?: string } = {}) {
  const empty = {
    task: null,
    key: null,
    gpu: null,
    id: null,
    state: null,
    held_by: null,
    name: null,
    value: null,
  };
  return ask(
    POST("/api/scheduler/{pid}/{verb}", { params: { path: { pid, verb } }, body: { ...empty, ...body } }),
  );
}

const stop = (pid: number) => ask(POST("/api/scheduler/stop/{pid}", { params: { path: { pid } } }));
const resume = (pid: number) => ask(POST("/api/scheduler/{pid}/resume", { params: { path: { pid } } }));
const dismiss = (pid: number) => ask(POST("/api/scheduler/{pid}/dismiss", { params: { path: { pid } } }));

/** The likely ones first. */
const SCHEDULER_VERBS: Record<string, SchedulerVerb[]> = {
  running: ["pause", "drain", "stop"],
  paused: ["resume", "drain", "stop"],
  draining: ["stop"],
  died: ["revive", "dismiss"],
  shutdown: ["revive", "dismiss"],
  asked: ["revive", "dismiss"],
  finished: ["dismiss"],
  unreadable: ["dismiss"],
};

export function useVerbs(): Verbs {
  const { t } = useTranslation();
  const whyNot = useWhyNot();
  const acts = useActs();
  const doable = <Name extends SchedulerVerb | TaskVerb>(name: Name, act: () => void): Doable<Name> => ({
    name,
    label: t(`verbs.${name}`),
    effect: t(`verbs.${name}Effect`),
    whyNot,
    act,
  });
  return {
    ofScheduler: (one) =>
      (SCHEDULER_VERBS[statusOf(one)] ?? []).map((name) => doable(name, () => acts.scheduler(one, name))),
    ofTask: (placed) => taskVerbs(placed.task).map((name) => doable(name, () => acts.task(placed, name))),
  };
}

function taskVerbs({ state }: Task): TaskVerb[] {
  switch (state.status) {
    case "running":
      return ["kill"];
    case "held":
      return ["release", "kill"];
    case "backoff":
      return ["retry", "hold", "kill"];
    case "pending":
    case "waiting":
      return ["hold", "kill"];
    case "failed":
    case "cancelled":
    case "skipped":
      return ["retry"];
    default:
      return [];
  }
}

/** What is forgotten, what runs on all the same, and what does not. */
export function dismissalOf({ left }: Scheduler, t: TFunction): string {
  const running = left?.running ?? [];
  const rest = (left?.unfinished ?? 0) - running.length;
  const tasks = running.join(t("lists.comma"));
  return [
    t("verbs.dismissBody"),
    running.length > 0 && t("verbs.dismissRuns", { count: running.length, tasks }),
    rest > 0 && t("verbs.dismissRest", { count: rest }),
  ]
    .filter(Boolean)
    .join(words.language === "zh" ? "" : " ");
}

function useActs() {
  const { t } = useTranslation();
  const confirm = useConfirm();

  const askToStop = (one: Scheduler) => {
    const running = (one.state?.queues ?? []).flatMap((queue) =>
      queue.tasks.flatMap((task) =>
        task.state.status === "running"
          ? t("verbs.after", {
              task: `${queue.queue_id}/${task.index}`,
              time: duration(serverNow() - task.state.since),
            })
          : [],
      ),
    );
    const count = running.length;
    confirm({
      title: t("verbs.stopTitle", { name: longName(one, t) }),
      body: count
        ? t("verbs.stopBody", { count, tasks: running.join(t("lists.comma")) })
        : t("verbs.stopBody_zero"),
      keep: t("verbs.keepRunning"),
      safer: { label: t("verbs.drainInstead"), act: () => void doing(say(one.pid, "drain")) },
      act: {
        label: count ? t("verbs.stopDo", { count }) : t("verbs.stopDo_zero"),
        act: () => void doing(stop(one.pid)),
      },
    });
  };

  const askToDismiss = (one: Scheduler) =>
    confirm({
      title: t("verbs.dismissTitle", { name: longName(one, t) }),
      body: dismissalOf(one, t),
      ...(one.left && { safer: { label: t("verbs.revive"), act: () => void doing(resume(one.pid)) } }),
      act: { label: t("verbs.dismissDo"), act: () => void doing(dismiss(one.pid)) },
    });

  const askToKill = ({ pid, queue, task }: Placed) => {
    const name = `${queue}/${task.index}`;
    const kill = () => void doing(say(pid, "kill", { task: task.key, key: task.key }));
    if (task.state.status !== "running") {
      kill();
      return;
    }
    confirm({
      title: t("verbs.killTitle", { task: name }),
      body: t("verbs.killBody", { time: duration(serverNow() - task.state.since) }),
      keep: t("verbs.keepRunning"),
      act: { label: t("verbs.killDo", { task: name }), act: kill },
    });
  };

  return {
    scheduler: (one: Scheduler, verb: SchedulerVerb) => {
      if (verb === "stop") askToStop(one);
      else if (verb === "dismiss") askToDismiss(one);
      else if (verb === "resume" || verb === "revive") void doing(resume(one.pid));
      else void doing(say(one.pid, verb));
    },
    task: (placed: Placed, verb: TaskVerb) => {
      if (verb === "kill") askToKill(placed);
      else void doing(say(placed.pid, verb, { task: placed.task.key, key: placed.task.key }));
    },
  };
}
