/** Ctrl K: pages, schedulers, queues, tasks, cards, and what can be done with them. */
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconCpu, IconSearch } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, type NavigateFunction } from "react-router";
import { useKnown, type Known } from "@/api/live";
import { useVerbs } from "@/parts/verbs";
import { SchedulerDot } from "@/parts/SchedulerState";
import { longName, shortName } from "@/parts/schedulers";
import { StateIcon } from "@/parts/TaskState";
import { PAGES } from "./pages";
import { gpuPage } from "./paths";

const MOST = 12;

export default function Palette() {
  const { t } = useTranslation();
  const known = useKnown();
  const [isOpen, setOpen] = useState(false);
  // There may be ten thousand tasks: they are gone through while somebody looks for one, and not at each change.
  const [seen, setSeen] = useState(known);
  if (isOpen && seen !== known) setSeen(known);
  const pages = usePages();
  const things = useThings(seen);
  const doing = useDoing(known);
  return (
    <Spotlight
      actions={[
        { group: t("palette.pages"), actions: pages },
        { group: t("palette.do"), actions: doing },
        { group: t("palette.find"), actions: things },
      ]}
      shortcut={["mod + K"]}
      onSpotlightOpen={() => setOpen(true)}
      onSpotlightClose={() => setOpen(false)}
      limit={MOST}
      highlightQuery
      nothingFound={t("palette.nothing")}
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={16} stroke={1.75} />,
        placeholder: t("palette.placeholder"),
        "aria-label": t("shell.find"),
      }}
    />
  );
}

function usePages(): SpotlightActionData[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return PAGES.map(({ name, path, icon: Icon, key }) => ({
    id: `page ${name}`,
    label: t(`pages.${name}`),
    keywords: [name],
    leftSection: <Icon size={16} stroke={1.75} />,
    rightSection: <kbd>G {key.toUpperCase()}</kbd>,
    onClick: () => void navigate(path),
  }));
}

function useThings({ schedulers, gpus }: Known): SpotlightActionData[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return useMemo(() => thingsOf(schedulers, gpus, t, navigate), [schedulers, gpus, t, navigate]);
}

function thingsOf(
  schedulers: Known["schedulers"],
  gpus: Known["gpus"],
  t: TFunction,
  navigate: NavigateFunction,
): SpotlightActionData[] {
  const tasks = schedulers.flatMap((one) =>
    (one.state?.queues ?? []).flatMap((queue) =>
      queue.tasks.map((task) => ({
        id: `task ${one.id} ${task.key}`,
        label: `${queue.queue_id}/${task.index} ${task.name ?? ""}`.trim(),
        description: `${shortName(one, t)} · ${t(`states.${task.state.status}`)}`,
        keywords: [queue.queue_name ?? ""],
        leftSection: <StateIcon state={task.state.status} size={16} />,
        onClick: () =>
          void navigate(`/ui/state?scheduler=${encodeURIComponent(one.id)}&open=${one.id}:${queue.queue_id}`),
      })),
    ),
  );
  const cards = (gpus?.cards ?? []).map((card) => ({
    id: `gpu ${card.uuid}`,
    label: `GPU ${card.index}`,
    description: card.name,
    leftSection: <IconCpu size={16} stroke={1.75} />,
    onClick: () => void navigate(gpuPage(card.index)),
  }));
  return [...cards, ...tasks];
}

function useDoing({ schedulers }: Known): SpotlightActionData[] {
  const { t } = useTranslation();
  const verbs = useVerbs();
  return schedulers.flatMap((one) =>
    verbs.ofScheduler(one).map((verb) => ({
      id: `${verb.name} ${one.id}`,
      label: `${verb.label} ${longName(one, t)}`,
      description: verb.effect,
      leftSection: <SchedulerDot one={one} />,
      disabled: verb.whyNot !== undefined,
      onClick: verb.act,
    })),
  ) satisfies SpotlightActionGroupData["actions"];
}
