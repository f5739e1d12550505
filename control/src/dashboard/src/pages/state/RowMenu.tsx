/** The menu of a row: one for all of them, as one each would be most of the work when thousands are scrolled by. */
import { Menu, Tooltip } from "@mantine/core";
import { createContext, use, useCallback, useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useKnown } from "@/api/live";
import type { Queue, Scheduler, Task } from "@/api/types";
import { useLogPage } from "@/parts/bindings";
import { useVerbs } from "@/parts/verbs";

export interface Standing {
  one: Scheduler;
  queue: Queue;
  task: Task;
}

type Open = (button: HTMLElement, of: Standing) => void;

const OpenMenu = createContext<Open>(() => undefined);
const LogPage = createContext<ReturnType<typeof useLogPage>>(() => null);

/** Opens the menu at a row's button. */
export function useRowMenu(): Open {
  return use(OpenMenu);
}

/** Asked for once, for all rows. */
export function useLogOfRow(): ReturnType<typeof useLogPage> {
  return use(LogPage);
}

interface Opened {
  at: DOMRect;
  of: Standing;
}

export function RowMenu({ children }: { children: ReactNode }) {
  // What was opened last is drawn while it fades.
  const [last, setLast] = useState<Opened | null>(null);
  const [isOpen, setOpen] = useState(false);
  const open = useCallback<Open>((button, of) => {
    setLast({ at: button.getBoundingClientRect(), of });
    setOpen(true);
  }, []);
  const close = useCallback(() => setOpen(false), []);
  const logOf = useLogPage();
  useEffect(() => {
    if (!isOpen) return;
    window.addEventListener("scroll", close, { passive: true });
    return () => window.removeEventListener("scroll", close);
  }, [isOpen, close]);
  return (
    <OpenMenu value={open}>
      <LogPage value={logOf}>{children}</LogPage>
      {last && (
        <Menu opened={isOpen} onClose={close}>
          <Menu.Target>
            <span aria-hidden style={placed(last.at)} />
          </Menu.Target>
          <Menu.Dropdown>
            <Items of={last.of} logOf={logOf} />
          </Menu.Dropdown>
        </Menu>
      )}
    </OpenMenu>
  );
}

function placed({ left, top, width, height }: DOMRect) {
  return { position: "fixed", left, top, width, height, pointerEvents: "none" } as const;
}

function Items({ of, logOf }: { of: Standing; logOf: ReturnType<typeof useLogPage> }) {
  const { t } = useTranslation();
  const { one, queue, task } = useNow(of);
  const log = logOf(one, task);
  const verbs = useVerbs().ofTask({ pid: one.pid, queue: queue.queue_id, task });
  return (
    <>
      {log && (
        <Menu.Item component={Link} to={log}>
          {t("verbs.log")}
        </Menu.Item>
      )}
      {verbs.map(({ name, label, effect, whyNot, act }) => (
        <Tooltip key={name} label={whyNot ?? effect} position="left">
          <Menu.Item disabled={whyNot !== undefined || one.alive !== true} onClick={act}>
            {label}
          </Menu.Item>
        </Tooltip>
      ))}
    </>
  );
}

/** As it stands now: what waited when the menu was opened may run meanwhile. */
function useNow(of: Standing): Standing {
  const one = useKnown().schedulers.find(({ id }) => id === of.one.id) ?? of.one;
  const queue = one.state?.queues.find(({ queue_id }) => queue_id === of.queue.queue_id) ?? of.queue;
  return { one, queue, task: queue.tasks.find(({ key }) => key === of.task.key) ?? of.task };
}
