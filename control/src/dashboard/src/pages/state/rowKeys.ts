/** Moving through the rows, and doing things to the one that has the focus, by keys alone. */
import type { Virtualizer } from "@tanstack/react-virtual";
import { useNavigate } from "react-router";
import { useLogPage } from "@/parts/bindings";
import { useVerbs, type TaskVerb } from "@/parts/verbs";
import { usePageKeys } from "@/shell/keys";
import type { Row } from "./filter";

export const rowId = (row: Row) => `row ${row.id}`;

/** A key's verb; H is the one of the two that can be done. */
const VERBS: Record<string, TaskVerb[]> = { r: ["retry"], h: ["release", "hold"], x: ["kill"] };

export function useRowKeys(
  rows: readonly Row[],
  virtual: Virtualizer<Window, Element>,
  toggle: (id: string) => void,
): void {
  const navigate = useNavigate();
  const verbs = useVerbs();
  const logOf = useLogPage();
  // The row itself, or the one whose button has the focus.
  const at = () => {
    const id = document.activeElement?.closest('[id^="row "]')?.id;
    return rows.findIndex((row) => rowId(row) === id);
  };
  const move = (by: 1 | -1) => (event: KeyboardEvent) => {
    event.preventDefault();
    let next = at();
    let row: Row | undefined;
    do {
      next += by;
      row = rows[next];
    } while (row && !isStop(row));
    if (!row) return;
    const id = rowId(row);
    virtual.scrollToIndex(next, { align: "auto" });
    // It may have to be drawn first.
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(id)?.focus()));
  };
  const onRow = (then: (row: Row) => void) => (event: KeyboardEvent) => {
    const row = rows[at()];
    if (!row) return;
    event.preventDefault();
    then(row);
  };
  const open = onRow((row) => {
    if (row.kind === "queue") toggle(row.id);
  });
  const log = onRow((row) => {
    const page = isStop(row) && row.task && logOf(row.one, row.task);
    if (page) void navigate(page);
  });
  const act = (names: TaskVerb[]) =>
    onRow((row) => {
      if (!isStop(row) || !row.task || !row.one.alive) return;
      const placed = { pid: row.one.pid, queue: row.queue.queue_id, task: row.task };
      const verb = verbs.ofTask(placed).find((one) => names.includes(one.name));
      if (verb && !verb.whyNot) verb.act();
    });
  usePageKeys({
    j: move(1),
    ArrowDown: move(1),
    k: move(-1),
    ArrowUp: move(-1),
    " ": open,
    Enter: open,
    l: log,
    ...Object.fromEntries(Object.entries(VERBS).map(([key, names]) => [key, act(names)])),
  });
}

function isStop(row: Row): row is Extract<Row, { kind: "queue" | "task" }> {
  return row.kind === "queue" || row.kind === "task";
}
