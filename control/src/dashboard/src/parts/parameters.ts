/** What a page is asked to show stands in its address: a view can be kept, and sent to somebody. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

type Said<Name extends string> = Record<Name, string>;

const STEPS = new Set(["view", "state", "gpu", "last", "mode", "configuration", "range", "lanes"]);

/** Whether Back is to undo it: a view or a filter that was chosen, not what is typed or moved through. */
function isStep(change: Record<string, unknown>): boolean {
  const names = Object.keys(change);
  return names.length === 1 && names.some((name) => STEPS.has(name));
}

/** An id, a line or a place in the address; null: it is none, and counts as not said. */
export function wholeNumber(said: string): number | null {
  return /^\d{1,15}$/.test(said) ? Number(said) : null;
}

/** The named parameters; what is "" is not in the address. Others of the address stay. */
export function useParameters<Name extends string>(
  names: readonly Name[],
): [Said<Name>, (change: Partial<Said<Name>>) => void] {
  const [search, setSearch] = useSearchParams();
  const said = useMemo(
    () => Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""])) as Said<Name>,
    [names, search],
  );
  const say = useCallback(
    (change: Partial<Said<Name>>) => {
      // Not what was in it when this was drawn: meanwhile something else may have been said.
      const after = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries<string | undefined>(change)) {
        if (value) after.set(name, value);
        else after.delete(name);
      }
      setSearch(after, { replace: !isStep(change), preventScrollReset: true });
    },
    [setSearch],
  );
  return [said, say];
}
