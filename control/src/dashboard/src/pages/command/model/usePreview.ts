/** What saving or starting the text would do, asked again when it changes. */
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useKnown } from "@/api/live";
import type { Preview } from "@/api/types";
import { preview } from "./calls";
import type { File } from "./useFile";

const QUIET = 600;
/** Characters that the console takes for a preview. */
const LONGEST = 2_000_000;

export interface Previewed {
  preview: Preview | null;
  /** When it was made, by this browser's clock, in milliseconds. */
  at: number;
  error: Error | null;
  /** It is about the text as it is now. */
  current: boolean;
}

export function usePreview({ which, text, saved, ahead }: File): Previewed {
  // Together: of a configuration that was shown before the text is still that one's for a moment.
  const now = useMemo(() => ({ which, text }), [which, text]);
  const [quiet] = useDebouncedValue(now, QUIET);
  const isIts = quiet.which === which;
  const { schedulers } = useKnown();
  // One that starts or ends changes what is free, and what a save would do.
  const living = schedulers
    .filter((one) => one.alive)
    .map((one) => one.id)
    .join(" ");
  const query = useQuery({
    queryKey: ["preview", which.mode, which.index, saved.etag, quiet.text, living],
    queryFn: ({ signal }) => preview(which, quiet.text, signal),
    enabled: !ahead && isIts && quiet.text.length < LONGEST,
    // The machine changes: who looks again is told anew, and an open page from time to time.
    staleTime: 5_000,
    refetchInterval: 20_000,
    gcTime: 60_000,
    placeholderData: (before, query) =>
      query?.queryKey[1] === which.mode && query.queryKey[2] === which.index ? before : undefined,
  });
  return {
    preview: (isIts ? query.data : null) ?? null,
    at: query.dataUpdatedAt,
    error: query.error,
    current: quiet.text === text && isIts && !query.isPlaceholderData && query.data !== undefined,
  };
}
