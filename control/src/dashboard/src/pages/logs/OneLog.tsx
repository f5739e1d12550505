/** One log, by its path: head, tools, lines and foot. */
import { Button } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { HistoryAttempt } from "@/api/types";
import { Failure, Loading } from "@/parts/Empty";
import { wholeNumber } from "@/parts/parameters";
import { usePageKeys } from "@/shell/keys";
import { refusalText } from "@/words/refused";
import { CauseLine, Facts } from "./Facts";
import { Foot } from "./Foot";
import { Head } from "./Head";
import { useHeightBelow } from "./height";
import { Lines } from "./Lines";
import { useLog, useNumbers, useSearch, type Searched } from "./log";
import { canSeek, type Sought } from "./search";
import type { Going } from "./stay";
import { Toolbar } from "./Toolbar";
import type { Said, Say } from "./View";
import { nextOf, useStanding, useWhose, type Whose } from "./whose";
import css from "./View.module.css";

interface Props {
  path: string;
  /** Of a task that was named by its place. */
  taskKey: string | undefined;
  queue: number | undefined;
  isBound: boolean;
  said: Said;
  say: Say;
  openAttempt: (attempt: HistoryAttempt) => void;
  /** Of one that is a task's, whichever of its attempts: called when the next has begun. */
  moveOn: ((attempt: HistoryAttempt) => void) | undefined;
}

const ERRORS: Sought = { errors: true };

export function OneLog({ path, taskKey, queue, isBound, said, say, openAttempt, moveOn }: Props) {
  const { t } = useTranslation();
  const main = useRef<HTMLElement>(null);
  const height = useHeightBelow(main);
  const { reader, read } = useLog(path);
  const whose = useWhose(read.path, taskKey, queue);
  const standing = useStanding(whose);
  const errors = useSearch(reader, read, ERRORS);
  const sought = useSought(said);
  const found = useSearch(reader, read, sought);
  useNumbers(reader, read, errors.hits.isDone);
  const going = useRef<Going>(null);
  const input = useRef<HTMLInputElement>(null);
  const follow = useFollow(said, say, whose, read, reader);
  useMoveOn(said, whose, moveOn);
  const hits = useHits(said, say, found, going, follow.stop);
  const toFirstError = useCallback(() => {
    const first = errors.hits.matches[0];
    if (!first) return;
    follow.stop();
    going.current?.goTo(first.line_at);
  }, [errors.hits.matches, follow]);
  useFirstSight(said, whose, errors, follow.isWanted, read.isLoading, toFirstError, going);
  useKeys({ input, whose, openAttempt, toFirstError, toggle: follow.toggle });
  const hasTimes = useMemo(
    () => read.segments.some((one) => one.lines.some((line) => line.came !== null)),
    [read.segments],
  );
  const current = hits.current;
  const seeking = useMemo(
    () => ({ sought, matches: found.hits.matches, current }),
    [sought, found.hits.matches, current],
  );
  const choose = useCallback(
    (byte: number) => say({ at: said.at === String(byte) ? "" : String(byte) }),
    [say, said.at],
  );
  return (
    <main id="page" ref={main} className={css.page} style={{ height }} tabIndex={-1}>
      <div className={css.top}>
        <Head path={read.path} whose={whose} standing={standing} openAttempt={openAttempt} />
        <Facts path={read.path} whose={whose} standing={standing} isBound={isBound} />
        {whose && <CauseLine whose={whose} lastError={lastError(errors)} open={openAttempt} />}
      </div>
      {read.error && !read.segments.length ? (
        <div className={css.failure}>
          <Failure error={read.error} again={() => void reader.open()} />
        </div>
      ) : read.isLoading && !read.segments.length ? (
        <div className={css.failure}>
          <Loading rows={8} />
        </div>
      ) : (
        <>
          <Toolbar
            said={said}
            say={say}
            read={read}
            errors={errors}
            found={found}
            at={hits.at}
            step={hits.step}
            toFirstError={toFirstError}
            canFollow={follow.canFollow}
            isFollowed={follow.isWanted}
            hasTimes={hasTimes}
            input={input}
          />
          {read.end === "gone" && <Note text={t("logs.goneBanner")} />}
          {read.restarts > 0 && <Note text={t("logs.restarted")} />}
          {read.error instanceof Error && <Note text={read.error} again={() => void reader.open()} />}
          <Lines
            reader={reader}
            read={read}
            seeking={seeking}
            errors={errors.hits.matches}
            isWrapped={said.wrap === "on"}
            hasTimes={hasTimes && said.times !== "off"}
            chosen={wholeNumber(said.at)}
            choose={choose}
            stopFollowing={follow.stop}
            going={going}
          />
          <Foot read={read} whose={whose} />
        </>
      )}
    </main>
  );
}

function Note({ text, again }: { text: string | Error; again?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={css.note} role="status">
      {text instanceof Error ? refusalText(text) : text}
      {again && (
        <Button variant="subtle" onClick={again}>
          {t("errors.again")}
        </Button>
      )}
    </div>
  );
}

/** The last line that says what went wrong, and not that something did. */
function lastError(errors: Searched): string | undefined {
  if (!errors.hits.isDone) return undefined;
  return errors.hits.matches.findLast((one) => !/^(gpulane|Traceback)\b/.test(one.text))?.text.trim();
}

function useSought({ q, case: capitals, regex }: Said): Sought | null {
  return useMemo(
    () => (q === "" || !canSeek(q) ? null : { query: q, case: capitals !== "", regex: regex !== "" }),
    [q, capitals, regex],
  );
}

/** Whether it is followed: as was said, else while its attempt runs. */
function useFollow(
  said: Said,
  say: Say,
  whose: Whose | null | undefined,
  read: ReturnType<typeof useLog>["read"],
  reader: ReturnType<typeof useLog>["reader"],
) {
  const isRunning = whose?.attempt?.how === "running";
  const isOver = read.end === "ended" || (whose?.attempt != null && !isRunning);
  const hasPlace = said.q !== "" || said.at !== "";
  const isWanted = !isOver && (said.follow === "on" || (said.follow === "" && isRunning && !hasPlace));
  const isReady = !read.isLoading;
  useEffect(() => {
    reader.follow(isWanted && isReady);
  }, [reader, isWanted, isReady]);
  return useMemo(
    () => ({
      isWanted,
      canFollow: !isOver,
      stop: () => isWanted && say({ follow: "off" }),
      toggle: () => !isOver && say({ follow: isWanted ? "off" : "on" }),
    }),
    [isWanted, isOver, say],
  );
}

/** Who has chosen nothing in it sees the next attempt as soon as it is there; who has is offered it. */
function useMoveOn(said: Said, whose: Whose | null | undefined, moveOn: Props["moveOn"]): void {
  const next = nextOf(whose);
  const isFree = said.follow !== "off" && said.q === "" && said.at === "";
  useEffect(() => {
    if (next && isFree) moveOn?.(next);
  }, [next, isFree, moveOn]);
}

function useHits(
  said: Said,
  say: Say,
  found: Searched,
  going: RefObject<Going | null>,
  stopFollowing: () => void,
) {
  const { matches } = found.hits;
  const at = Math.min(Math.max(0, (wholeNumber(said.hit) ?? 1) - 1), Math.max(0, matches.length - 1));
  const current = matches[at];
  const byte = current?.from;
  const isHere = said.at !== "" && said.hit === "";
  useEffect(() => {
    if (byte === undefined || isHere) return;
    stopFollowing();
    going.current?.goTo(byte);
    // Not again when following begins.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [byte, isHere]);
  const step = (by: number) => {
    if (!matches.length) return;
    const next = (at + by + matches.length) % matches.length;
    say({ hit: String(next + 1) });
    // It may be the same one, which has been scrolled away from.
    const match = matches[next];
    if (match) going.current?.goTo(match.from);
  };
  return { at, current, step };
}

/** What is seen first: the place that the address names, else a failed attempt's first error, else the end. */
function useFirstSight(
  said: Said,
  whose: Whose | null | undefined,
  errors: Searched,
  isFollowed: boolean,
  isLoading: boolean,
  toFirstError: () => void,
  going: RefObject<Going | null>,
): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (isDone.current || isLoading) return;
    const at = wholeNumber(said.at);
    if (at !== null) {
      isDone.current = true;
      going.current?.goTo(at);
      return;
    }
    const isFailed = whose?.attempt?.cause != null;
    if (said.q !== "" || isFollowed) isDone.current = true;
    else if (isFailed && errors.hits.matches.length) {
      isDone.current = true;
      toFirstError();
    }
  }, [said.at, said.q, whose, errors.hits.matches, isFollowed, isLoading, toFirstError, going]);
}

interface Keys {
  input: RefObject<HTMLInputElement | null>;
  whose: Whose | null | undefined;
  openAttempt: (attempt: HistoryAttempt) => void;
  toFirstError: () => void;
  toggle: () => void;
}

function useKeys({ input, whose, openAttempt, toFirstError, toggle }: Keys): void {
  const attempt = (by: number) => () => {
    const all = whose?.task.attempts ?? [];
    const next = all[all.findIndex((one) => one.number === whose?.attempt?.number) + by];
    if (whose?.attempt && next) openAttempt(next);
  };
  usePageKeys({
    "/": (event) => {
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    },
    f: toggle,
    e: toFirstError,
    "[": attempt(-1),
    "]": attempt(1),
  });
}
