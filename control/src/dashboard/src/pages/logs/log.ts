/** A log and what is sought in it, for a page. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { LogReader, type Read } from "./reader";
import { NOTHING, numbersFor, searchOn, type Hits, type Sought } from "./search";

export function useLog(path: string): { reader: LogReader; read: Read } {
  const reader = useMemo(() => new LogReader(path), [path]);
  const read = useSyncExternalStore(reader.subscribe, reader.snapshot);
  useEffect(() => {
    void reader.open();
    return () => {
      reader.close();
    };
  }, [reader]);
  return { reader, read };
}

/** While one types, nothing is sought yet. */
const TYPING = 250;
/** What has come is looked through so often. */
const MORE_EVERY = 3_000;

export interface Searched {
  hits: Hits;
  error: unknown;
}

/** What is sought, in all of a log, and in what comes. */
export function useSearch(reader: LogReader, read: Read, sought: Sought | null): Searched {
  const key = sought ? JSON.stringify([read.restarts, sought]) : "";
  const [state, setState] = useState<Searched & { key: string }>({ key: "", hits: NOTHING, error: null });
  const { hits, error } = state.key === key ? state : { hits: NOTHING, error: null };
  const latest = useRef<Hits>(NOTHING);
  const isWanted =
    key !== "" && !error && !read.isLoading && !hits.hasMore && (!hits.isDone || hits.to < read.size);
  const { path } = read;
  useEffect(() => {
    latest.current = NOTHING;
  }, [key]);
  useEffect(() => {
    if (!isWanted || !sought) return;
    const abort = new AbortController();
    const wait = latest.current.isDone ? MORE_EVERY : sought.errors ? 0 : TYPING;
    const timer = setTimeout(() => {
      searchOn(path, sought, latest.current, abort.signal, (found, numbers) => {
        latest.current = found;
        reader.know(numbers);
        setState({ key, hits: found, error: null });
      }).catch((failure: unknown) => setState({ key, hits: latest.current, error: failure }));
    }, wait);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
    // The key says what is sought.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, isWanted, path, reader]);
  return { hits, error };
}

/** Counts to stretches that nobody has counted to, once for each. */
export function useNumbers(reader: LogReader, read: Read, isReady: boolean): void {
  const tried = useRef(new Set<number>());
  const next = isReady ? read.segments.find((one) => one.first === null) : undefined;
  const at = next?.from;
  useEffect(() => {
    const segment = reader.snapshot().segments.find((one) => one.from === at);
    if (at === undefined || !segment || tried.current.has(at)) return;
    const abort = new AbortController();
    tried.current.add(at);
    numbersFor(reader.snapshot().path, segment, reader.knownBefore(at), abort.signal).then(
      (numbers) => reader.know(numbers),
      // Numbers are no more than a help.
      () => undefined,
    );
    return () => {
      abort.abort();
    };
  }, [reader, at]);
}
