/** The last writes, whoever made them. */
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { ParseKeys } from "i18next";
import { ask, GET } from "@/api/client";
import { useKnown } from "@/api/live";
import type { AuditEntry } from "@/api/types";
import { Failure, Loading } from "@/parts/Empty";
import { Moment } from "@/parts/Moment";
import { useLoginName } from "@/parts/logins";
import { words } from "@/words";
import { Card } from "./Row";
import { cardName, told } from "./writes";
import css from "./Setting.module.css";

const AT_ONCE = 10;
const LATEST = 15_000;

export function WritesCard() {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam }) =>
      ask(
        GET("/api/audit", { params: { query: { limit: AT_ONCE, ...(pageParam && { before: pageParam }) } } }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ entries }) => (entries.length < AT_ONCE ? undefined : entries.at(-1)?.id),
    refetchInterval: LATEST,
  });
  const entries = query.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Card title={t("setting.writes")}>
      {query.isPending && <Loading />}
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.data && !entries.length && <p className="t3">{t("setting.writesNone")}</p>}
      <ul className={css.writes}>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          variant="subtle"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t("setting.more")}
        </Button>
      )}
    </Card>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  const loginName = useLoginName();
  const cards = useKnown().gpus?.cards ?? [];
  const { did, said } = told(entry);
  const verb = `verbs.${said.verb}`;
  const isCard = did === "gpuOn" || did === "gpuOff";
  const what = isCard ? cardName(said.what, cards) : said.what;
  const values = { ...said, what, verb: words.exists(verb) ? t(verb as ParseKeys) : said.verb };
  const sentence = did ? t(`setting.did.${did}`, values) : said.what;
  return (
    <li>
      <span className="t3">
        <Moment at={entry.at} />
      </span>
      <span className="t2" title={entry.address}>
        {loginName(entry.login)}
      </span>
      <span title={`${entry.method} ${entry.path} ${entry.what}`.trim()}>
        {sentence}
        {entry.status >= 400 && <span className={css.refused}> {t("setting.refused")}</span>}
      </span>
    </li>
  );
}
