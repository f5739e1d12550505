import type { QueryClient } from "@tanstack/react-query";

/** Has all under a key asked for again. What is just being asked for the first time goes on and may answer with what
 * was before: it is asked once more after that. */
export async function askAnew(queries: QueryClient, queryKey: readonly unknown[]): Promise<void> {
  const all = queries.getQueryCache().findAll({ queryKey, fetchStatus: "fetching" });
  const isEarly = all.some(({ state }) => state.data === undefined);
  await queries.invalidateQueries({ queryKey });
  if (isEarly) await queries.invalidateQueries({ queryKey });
}
