/** What was submitted; beside it one of them, or the form of a new one. */
import { Button, Drawer, Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronDown, IconPlus } from "@tabler/icons-react";
import { type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useWhyNot } from "@/api/identity";
import type { Status } from "@/api/types";
import { Page } from "@/parts/Page";
import { useParameters, wholeNumber } from "@/parts/parameters";
import { SearchInput } from "@/parts/SearchInput";
import { StateIcon } from "@/parts/TaskState";
import { usePageKeys } from "@/shell/keys";
import { Why } from "@/parts/Why";
import { Detail } from "./Detail";
import { NewTask } from "./NewTask";
import { orderOf, STATES, USUAL, useFollowing, useTaskCounts, useTaskList, wrongIn } from "./list";
import { List } from "./List";
import css from "./Tasks.module.css";

const NAMES = ["state", "text", "sort", "task", "new", "copy"] as const;
export type Said = Record<(typeof NAMES)[number], string>;
export type Say = (change: Partial<Said>) => void;

export function Tasks() {
  const { t } = useTranslation();
  const [said, say] = useParameters(NAMES);
  const sort = orderOf(said.sort);
  const list = useTaskList(said, sort);
  useFollowing();
  usePageKeys({
    n: (event) => {
      event.preventDefault();
      say({ new: "1", copy: "" });
    },
    Escape: () => say({ task: "", new: "", copy: "" }),
  });
  const id = wholeNumber(said.task);
  const copy = wholeNumber(said.copy) === null ? "" : said.copy;
  const pane = said.new || copy ? "new" : id === null ? "" : "task";
  return (
    <Page
      full
      title={t("pages.tasks")}
      facts={
        <Facts found={wrongIn(said) ? undefined : list.data?.pages[0]?.total} isUsual={sort === USUAL} />
      }
      right={
        <>
          <div className={css.search}>
            <SearchInput
              width="100%"
              label={t("tasks.search")}
              value={said.text}
              onChange={(value) => say({ text: value })}
            />
          </div>
          <States chosen={said.state} choose={(state) => say({ state })} />
          <NewButton make={() => say({ new: "1", copy: "" })} />
        </>
      }
    >
      <div className={css.split}>
        <div className={css.panes} data-open={pane !== ""}>
          <List list={list} said={said} say={say} />
          <Pane open={pane !== ""} close={() => say({ task: "", new: "", copy: "" })}>
            {pane === "new" ? (
              <NewTask key={copy} copy={copy} say={say} />
            ) : (
              <Detail key={id} id={id ?? 0} say={say} />
            )}
          </Pane>
        </div>
      </div>
    </Page>
  );
}

/** Beside the list; over it where there is no room for both. */
function Pane({ open, close, children }: { open: boolean; close: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  const isNarrow = useMediaQuery("(max-width: 1099px)", undefined, { getInitialValueInEffect: false });
  if (isNarrow)
    return (
      <Drawer.Root
        opened={open}
        onClose={close}
        position="right"
        size={460}
        padding={0}
        transitionProps={{ duration: 180 }}
      >
        <Drawer.Overlay />
        <Drawer.Content aria-label={t("tasks.task")} className={css.drawer ?? ""}>
          <Drawer.Body className={css.drawerBody ?? ""}>{children}</Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
    );
  return open ? <aside className={css.pane}>{children}</aside> : null;
}

/** `isUsual`: the newest first, which is said. */
function Facts({ found, isUsual }: { found: number | undefined; isUsual: boolean }) {
  const { t } = useTranslation();
  const total = useTaskCounts()?.total;
  if (found === undefined) return null;
  if (!isUsual)
    return total === undefined || found === total ? String(found) : t("ofTotal", { done: found, total });
  return total === undefined || found === total
    ? t("tasks.facts", { count: found })
    : t("tasks.factsOf", { count: found, total });
}

function States({ chosen, choose }: { chosen: string; choose: (state: string) => void }) {
  const { t } = useTranslation();
  const counts = useTaskCounts()?.by_state ?? {};
  const shown = STATES.filter((state) => counts[state] || state === chosen);
  return (
    <Select
      className={css.states ?? ""}
      aria-label={t("tasks.state")}
      rightSection={<IconChevronDown size={14} stroke={1.75} />}
      value={chosen || "any"}
      onChange={(state) => choose(state === "any" ? "" : (state ?? ""))}
      data={[
        { value: "any", label: t("tasks.anyState") },
        ...shown.map((state) => ({ value: state, label: t(`states.${state}`) })),
      ]}
      renderOption={({ option }) => (
        <span className={css.option}>
          {option.value !== "any" && <StateIcon state={option.value as Status} />}
          <span>{option.label}</span>
          <span className="t3">{option.value === "any" ? "" : (counts[option.value] ?? 0)}</span>
        </span>
      )}
    />
  );
}

export function NewButton({ make }: { make: () => void }) {
  const { t } = useTranslation();
  const whyNot = useWhyNot();
  return (
    <Why not={whyNot} effect={t("tasks.newFor")}>
      <Button
        variant="filled"
        className={css.new ?? ""}
        leftSection={<IconPlus size={14} stroke={1.75} />}
        onClick={make}
      >
        {t("tasks.new")}
      </Button>
    </Why>
  );
}
