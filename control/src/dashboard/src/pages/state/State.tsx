/** What runs, what waits and why, what broke, when will mine start. */
import { Button, SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useKnown } from "@/api/live";
import type { Scheduler } from "@/api/types";
import { Empty, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { useParameters } from "@/parts/parameters";
import { SearchInput } from "@/parts/SearchInput";
import { countsOf } from "@/shell/counts";
import { totalOf } from "@/parts/schedulers";
import { FILTERS } from "./filter";
import { Needs } from "./Needs";
import { Rows } from "./Rows";

const NAMES = ["state", "text", "scheduler", "open"] as const;

export function State() {
  const { t } = useTranslation();
  const known = useKnown();
  const [said, say] = useParameters(NAMES);
  const { schedulers } = known;
  return (
    <Page
      title={t("pages.state")}
      facts={<Facts schedulers={schedulers} />}
      right={
        <>
          <States
            schedulers={schedulers}
            chosen={said.state}
            choose={(state) => {
              say({ state });
            }}
          />
          <SearchInput
            label={t("state.filter")}
            value={said.text}
            onChange={(text) => {
              say({ text });
            }}
          />
        </>
      }
    >
      {known.connection === "loading" || (!known.gpus && !schedulers.length) ? (
        <Loading />
      ) : !schedulers.length ? (
        <Empty
          title={t("state.emptyTitle")}
          text={t("state.emptyText")}
          action={
            <Button component={Link} to="/ui/command">
              {t("state.toCommands")}
            </Button>
          }
        />
      ) : (
        <>
          <Needs schedulers={schedulers} />
          <Rows schedulers={schedulers} said={said} say={say} />
        </>
      )}
    </Page>
  );
}

function Facts({ schedulers }: { schedulers: readonly Scheduler[] }) {
  const { t } = useTranslation();
  const queues = schedulers.reduce(
    (sum, one) => sum + (one.state?.queues.length ?? 0) + (one.state?.more_queues.queues ?? 0),
    0,
  );
  const tasks = schedulers.reduce((sum, one) => sum + totalOf(one), 0);
  return t("state.facts", {
    schedulers: t("state.schedulers", { count: schedulers.length }),
    queues: t("state.queues", { count: queues }),
    tasks: t("state.tasks", { count: tasks }),
  });
}

interface StatesProps {
  schedulers: readonly Scheduler[];
  chosen: string;
  choose: (state: string) => void;
}

function States({ schedulers, chosen, choose }: StatesProps) {
  const { t } = useTranslation();
  const counts = countsOf(schedulers);
  const all = schedulers.reduce((sum, one) => sum + totalOf(one), 0);
  const label = (word: string, count: number) => (
    <span>
      {word} <span className="t3">{count}</span>
    </span>
  );
  return (
    <SegmentedControl
      aria-label={t("state.state")}
      value={(FILTERS as readonly string[]).includes(chosen) ? chosen : ""}
      onChange={choose}
      data={[
        { value: "", label: label(t("state.all"), all) },
        ...FILTERS.map((state) => ({ value: state, label: label(t(`states.${state}`), counts[state] ?? 0) })),
      ]}
    />
  );
}
