/** Which logs were bound to tasks. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { ask, GET } from "@/api/client";
import { useFreshFile } from "@/api/live";
import type { Bound, Scheduler, Task } from "@/api/types";
import { logPage } from "@/shell/paths";

/** Those whose tasks stand in their files. */
export function useBindings(): readonly Bound[] {
  useFreshFile("bindings", KEY);
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: async () => (await ask(GET("/api/log/bindings"))).bindings,
    staleTime: Infinity,
  });
  return useMemo(() => data?.filter(({ present }) => present) ?? [], [data]);
}

const KEY = ["bindings"] as const;

/** The page of a task's log: of the one that was bound to it, else of its last attempt. */
export function useLogPage(): (one: Scheduler, task: Task) => string | null {
  const bindings = useBindings();
  const bound = useMemo(
    () => new Map(bindings.map((each) => [idOf(each.mode, each.config_index, each.key), each])),
    [bindings],
  );
  return useCallback(
    (one, task) => {
      const its = one.state && bound.get(idOf(one.state.mode, one.configuration, task.key));
      return its ? boundPage(its) : task.log_path && logPage(task.log_path);
    },
    [bound],
  );
}

export function boundPage({ mode, config_index, queue_id, process_index }: Bound): string {
  const said = { mode, config_index, queue_id, process_index };
  return `/ui/logs/view?${new URLSearchParams(Object.entries(said).map(([name, value]) => [name, String(value)])).toString()}`;
}

function idOf(mode: string, index: number | null | undefined, key: string): string {
  return `${mode} ${String(index)} ${key}`;
}
