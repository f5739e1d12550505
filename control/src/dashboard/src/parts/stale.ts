/** Which schedulers are silent. */
import { useMemo } from "react";
import { useKnown } from "@/api/live";
import { useEachSecond } from "./now";
import { staleFor } from "./schedulers";

/** Their ids. */
export function useStale(): ReadonlySet<string> {
  const { schedulers } = useKnown();
  const said = useEachSecond((now) =>
    schedulers
      .filter((one) => staleFor(one, now) !== null)
      .map(({ id }) => id)
      .join(" "),
  );
  return useMemo(() => new Set(said.split(" ")), [said]);
}
