/** Ctrl K: pages, schedulers, queues, tasks, cards, and what can be done with them. */
import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Spotlight } from "@mantine/spotlight";
import {
  IconCpu,
  IconFileText,
  IconListDetails,
  IconMoon,
  IconPlus,
  IconSearch,
  IconSun,
} from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useWhyNot } from "@/api/identity";
import { useKnown, type Known } from "@/api/live";
import type { Scheduler } from "@/api/types";
import { useLogPage } from "@/parts/bindings";
import { SchedulerDot } from "@/parts/SchedulerState";
import { longName, shortName } from "@/parts/schedulers";
import { StateIcon } from "@/parts/TaskState";
import { useVerbs } from "@/parts/verbs";
import { find, isLike, type Found } from "./find";
import { PAGES } from "./pages";
import { gpuPage } from "./paths";
import css from "./Palette.module.css";

interface Line {
  id: string;
  label: string;
  description?: string;
  leftSection: ReactNode;
  rightSection?: ReactNode;
  disabled?: boolean;
  onClick: () => void;
}

interface Group {
  label: string;
  lines: Line[];
}

const VERBS = ["kill", "retry", "hold", "release", "log"] as const;
const FIRST = 2;
const MOST = 8;

export default function Palette() {
  const { t } = useTranslation();
  const [query, setQuery] = useState("");
  const [isOpen, setOpen] = useState(false);
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      onSpotlightOpen={() => setOpen(true)}
      onSpotlightClose={() => setOpen(false)}
      shortcut="mod + K"
      tagsToIgnore={[]}
      triggerOnContentEditable
      centered={false}
      yOffset={104}
      size={620}
      overlayProps={{ blur: 0 }}
      scrollable
      maxHeight={470}
      classNames={{
        search: css.search ?? "",
        action: css.action ?? "",
        actionSection: css.section ?? "",
        actionDescription: css.description ?? "",
        actionsGroup: css.group ?? "",
      }}
    >
      <Spotlight.Search
        leftSection={<IconSearch size={16} stroke={1.75} />}
        rightSection={<kbd>Esc</kbd>}
        rightSectionWidth={56}
        placeholder={t("palette.placeholder")}
        aria-label={t("shell.find")}
      />
      <Spotlight.ActionsList>{isOpen && <Lines query={query} />}</Spotlight.ActionsList>
      <div className={css.foot}>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> {t("palette.choose")}
        </span>
        <span>
          <kbd>Enter</kbd> {t("palette.open")}
        </span>
        <span className={css.right}>
          <kbd>?</kbd> {t("palette.keys")}
        </span>
      </div>
    </Spotlight.Root>
  );
}

/** Drawn while somebody looks for something: there may be ten thousand tasks. */
function Lines({ query }: { query: string }) {
  const { t } = useTranslation();
  const known = useKnown();
  const found = find(
    query,
    known.schedulers,
    VERBS.map((verb) => t(`verbs.${verb}`)),
  );
  const things = { label: t("palette.find"), lines: [...useThings(found), ...useCards(known, query)] };
  const acts = {
    label: t("palette.do"),
    lines: [...useTaskVerbs(found, query), ...useSchedulerVerbs(known, query), ...useOwn(query)],
  };
  const pages = { label: t("palette.pages"), lines: usePages(query) };
  const order: Group[] = found.hasVerb ? [acts, things, pages] : [things, acts, pages];
  const groups = order.filter((group) => group.lines.length);
  if (!groups.length) return <Spotlight.Empty>{t("palette.nothing")}</Spotlight.Empty>;
  return groups.map((group) => (
    <Spotlight.ActionsGroup key={group.label} label={group.label}>
      {group.lines.slice(0, MOST).map(({ id, ...line }) => (
        <Spotlight.Action key={id} {...line} />
      ))}
    </Spotlight.ActionsGroup>
  ));
}

/** What is done with nothing that is there yet, and with the page itself. */
function useOwn(query: string): Line[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const whyNot = useWhyNot();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("dark");
  const themes = (["dark", "light"] as const).map((name) => {
    const Icon = name === "dark" ? IconMoon : IconSun;
    return {
      id: `theme ${name}`,
      label: `${t("setting.theme")}${t("palette.colon")}${t(`setting.${name}`)}`,
      description: t(scheme === name ? "palette.isSo" : "palette.themeEffect"),
      leftSection: <Icon size={16} stroke={1.75} />,
      disabled: scheme === name,
      onClick: () => setColorScheme(name),
    };
  });
  const task = {
    id: "new task",
    label: t("tasks.new"),
    description: whyNot ?? t("tasks.newFor"),
    leftSection: <IconPlus size={16} stroke={1.75} />,
    disabled: whyNot !== undefined,
    onClick: () => void navigate("/ui/tasks?new=1"),
  };
  return [task, ...themes].filter(({ label }) => isLike(query, label));
}

function usePages(query: string): Line[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return PAGES.filter(({ name }) => isLike(query, name, t(`pages.${name}`))).map(
    ({ name, path, icon: Icon, key }) => ({
      id: `page ${name}`,
      label: t(`pages.${name}`),
      leftSection: <Icon size={16} stroke={1.75} />,
      rightSection: (
        <span>
          <kbd>G</kbd> <kbd>{key.toUpperCase()}</kbd>
        </span>
      ),
      onClick: () => void navigate(path),
    }),
  );
}

function useThings({ tasks, queues }: Found): Line[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const toRow = (one: Scheduler, queue: number) => () =>
    void navigate(`/ui/state?scheduler=${encodeURIComponent(one.id)}&open=${one.id}:${queue}`);
  return [
    ...tasks.map(({ one, queue, task }) => ({
      id: `task ${one.id} ${task.key}`,
      label: `${queue.queue_id}/${task.index} ${task.name ?? ""}`.trim(),
      description: `${shortName(one, t)} · ${t(`states.${task.state.status}`)}`,
      leftSection: <StateIcon state={task.state.status} size={16} />,
      onClick: toRow(one, queue.queue_id),
    })),
    ...queues.map(({ one, queue }) => ({
      id: `queue ${one.id} ${queue.queue_id}`,
      label: `${t("state.queue")} ${queue.queue_id} ${queue.queue_name ?? ""}`.trim(),
      description: `${shortName(one, t)} · ${t("ofTotal", { done: queue.counts.completed ?? 0, total: queue.total })}`,
      leftSection: <IconListDetails size={16} stroke={1.75} />,
      onClick: toRow(one, queue.queue_id),
    })),
  ];
}

function useCards({ gpus }: Known, query: string): Line[] {
  const navigate = useNavigate();
  if (!query.trim()) return [];
  return (gpus?.cards ?? [])
    .filter((card) => isLike(query, `GPU ${card.index}`, card.name))
    .map((card) => ({
      id: `gpu ${card.uuid}`,
      label: `GPU ${card.index}`,
      description: card.name,
      leftSection: <IconCpu size={16} stroke={1.75} />,
      onClick: () => void navigate(gpuPage(card.index)),
    }));
}

function useTaskVerbs({ tasks }: Found, query: string): Line[] {
  const { t } = useTranslation();
  const logOf = useLogPage();
  const navigate = useNavigate();
  const verbs = useVerbs();
  return tasks.slice(0, query.includes("/") ? FIRST : tasks.length).flatMap(({ one, queue, task }) => {
    const name = `${queue.queue_id}/${task.index}`;
    const its = `${name} ${task.name ?? ""} ${queue.queue_name ?? ""}`;
    const page = logOf(one, task);
    const log: Line[] = page
      ? [
          {
            id: `log ${one.id} ${task.key}`,
            label: t("palette.logOf", { task: name }),
            leftSection: <IconFileText size={16} stroke={1.75} />,
            onClick: () => void navigate(page),
          },
        ]
      : [];
    const doable: Line[] = (one.alive ? verbs.ofTask({ pid: one.pid, queue: queue.queue_id, task }) : []).map(
      (verb) => ({
        id: `${verb.name} ${one.id} ${task.key}`,
        label: `${verb.label} ${name}`,
        description: verb.whyNot ?? verb.effect,
        leftSection: <StateIcon state={task.state.status} size={16} />,
        disabled: verb.whyNot !== undefined,
        onClick: verb.act,
      }),
    );
    return [...doable, ...log].filter((line) => isLike(query, line.label, its));
  });
}

function useSchedulerVerbs({ schedulers }: Known, query: string): Line[] {
  const { t } = useTranslation();
  const verbs = useVerbs();
  return schedulers.flatMap((one) =>
    verbs
      .ofScheduler(one)
      .filter((verb) => isLike(query, verb.label, longName(one, t)))
      .map((verb) => ({
        id: `${verb.name} ${one.id}`,
        label: `${verb.label} ${longName(one, t)}`,
        description: verb.whyNot ?? verb.effect,
        leftSection: <SchedulerDot one={one} />,
        disabled: verb.whyNot !== undefined,
        onClick: verb.act,
      })),
  );
}
