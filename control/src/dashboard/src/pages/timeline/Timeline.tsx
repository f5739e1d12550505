/** What ran where, and what comes next. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useKnown } from "@/api/live";
import { clock } from "@/format/time";
import { useSecond } from "@/parts/now";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { useParameters } from "@/parts/parameters";
import { usePageKeys } from "@/shell/keys";
import { Chart } from "./Chart";
import { Head } from "./Head";
import { headOfCard, lanesOf, withLeases, type Lanes } from "./lanes";
import { useTimeline, type Answer } from "./useTimeline";
import { useView } from "./useView";
import type { View } from "./view";

const NAMES = ["lanes"] as const;
const CLOSER = 1.6;

export function Timeline() {
  const { t } = useTranslation();
  const now = useSecond();
  const viewed = useView(now);
  const isNarrow = useMediaQuery("(max-width: 639px)");
  const [{ lanes: chosen }, say] = useParameters(NAMES);
  const { shown, day, error, again } = useTimeline(viewed.view, viewed.isMoving, now);
  const lanes = useLanes(shown, viewed.view.span);
  const only = !isNarrow ? null : chosen === "queue" ? "queue" : "gpu";
  const { zoom, reset } = viewed;
  usePageKeys({
    "+": () => zoom(CLOSER),
    "=": () => zoom(CLOSER),
    "-": () => zoom(1 / CLOSER),
    "0": reset,
  });
  const isEmpty = day && lanes && !lanes.gpus.length && !lanes.queues.length;
  return (
    <Page
      full
      title={t("pages.timeline")}
      facts={<Facts view={viewed.view} now={now} thinned={shown?.thinned.bars ?? 0} />}
      right={
        <Head
          viewed={viewed}
          lanes={only}
          choose={(name) => {
            say({ lanes: name });
          }}
        />
      }
    >
      {error && !shown ? (
        <Failure error={error} again={again} />
      ) : !shown || !lanes ? (
        <Loading rows={12} />
      ) : isEmpty ? (
        <Empty
          title={t("timeline.emptyTitle")}
          text={t("timeline.emptyText")}
          action={
            <Button component={Link} to="/ui/command">
              {t("timeline.toCommands")}
            </Button>
          }
        />
      ) : (
        <Chart lanes={lanes} only={only} answer={shown} viewed={viewed} now={now} />
      )}
    </Page>
  );
}

function useLanes(answer: Answer | undefined, span: number): Lanes | null {
  const { gpus } = useKnown();
  const cards = gpus?.cards;
  // Other leases come and go, and the rest of a card changes each time that it is looked at.
  const said = JSON.stringify(cards?.map((card) => [headOfCard(card), card.other_leases]) ?? []);
  const known = useMemo(
    () => ({
      heads: cards?.map(headOfCard) ?? [],
      leased: cards?.map(({ uuid, other_leases }) => ({ uuid, leases: other_leases })) ?? [],
    }),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [said],
  );
  const lanes = useMemo(() => answer && lanesOf(answer, answer.files, known.heads), [answer, known]);
  // As long on the page, whatever is zoomed to: in steps, as lanes are split anew by it.
  const length = 2 ** Math.round(Math.log2(span)) / 8;
  return useMemo(
    () =>
      lanes && answer ? { ...lanes, gpus: withLeases(lanes.gpus, known.leased, answer.now, length) } : null,
    [lanes, answer, known, length],
  );
}

function Facts({ view, now, thinned }: { view: View; now: number; thinned: number }) {
  const { t } = useTranslation();
  const until = view.from + view.span;
  const [from, to] = [clock(view.from, now), clock(until, now)];
  const isToday = (said: string) => said.length === 5;
  const said = isToday(from)
    ? t("timeline.today", { from, to })
    : t("timeline.range", { from, to: isToday(to) ? t("timeline.todayAt", { at: to }) : to });
  return thinned ? t("timeline.who", { who: said, what: t("timeline.thinned", { count: thinned }) }) : said;
}
