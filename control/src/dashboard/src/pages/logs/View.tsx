/** One log: what it says, and why it ended so. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@mantine/core";
import { Link, useNavigate } from "react-router";
import { ask, GET } from "@/api/client";
import type { HistoryAttempt } from "@/api/types";
import { Empty, Failure, Loading } from "@/parts/Empty";
import { Page } from "@/parts/Page";
import { useParameters, wholeNumber } from "@/parts/parameters";
import { said as tell } from "@/parts/toast";
import { OneLog } from "./OneLog";

const NAMES = [
  "path",
  "mode",
  "config_index",
  "queue_id",
  "process_index",
  "attempt",
  "q",
  "hit",
  "case",
  "regex",
  "follow",
  "times",
  "wrap",
  "at",
] as const;
export type Said = Record<(typeof NAMES)[number], string>;
export type Say = (change: Partial<Said>) => void;

export function View() {
  const { t } = useTranslation();
  const [said, say] = useParameters(NAMES);
  const isOfTask =
    said.path === "" &&
    said.mode !== "" &&
    wholeNumber(said.queue_id) !== null &&
    wholeNumber(said.process_index) !== null;
  const which = useWhich(said, isOfTask);
  const first = which.data?.log_path;
  const [moved, setMoved] = useState({ from: "", to: "" });
  const path = said.path || (moved.from === first ? moved.to : first);
  const open = useOpenAttempt(said);
  const moveOn = useCallback(
    (attempt: HistoryAttempt) => {
      setMoved({ from: first ?? "", to: attempt.log_path });
      tell(t("logs.attemptStarted", { number: attempt.attempt }));
    },
    [first, t],
  );
  if (path)
    return (
      <OneLog
        key={path}
        path={path}
        taskKey={which.data?.key}
        queue={isOfTask ? Number(said.queue_id) : undefined}
        isBound={which.data?.bound ?? false}
        said={said}
        say={say}
        openAttempt={open}
        moveOn={isOfTask && said.attempt === "" && !which.data?.bound ? moveOn : undefined}
      />
    );
  return (
    <Page title={t("pages.logs")}>
      {which.error ? (
        <Failure error={which.error} again={() => void which.refetch()} />
      ) : isOfTask ? (
        <Loading rows={8} />
      ) : (
        <Empty
          title={t("logs.noLogTitle")}
          text={t("logs.noLogText")}
          action={
            <Button component={Link} to="/ui/logs">
              {t("logs.toLogs")}
            </Button>
          }
        />
      )}
    </Page>
  );
}

/** Of a task's place in a configuration: which log is its. */
function useWhich(said: Said, isOfTask: boolean) {
  const { mode, config_index, queue_id, process_index, attempt } = said;
  return useQuery({
    queryKey: ["log-which", mode, config_index, queue_id, process_index, attempt],
    enabled: isOfTask,
    queryFn: () =>
      ask(
        GET("/api/log/content", {
          params: {
            query: {
              mode: mode === "multi" ? "multi" : "single",
              config_index: wholeNumber(config_index) ?? 0,
              queue_id: Number(queue_id),
              process_index: Number(process_index),
              attempt: wholeNumber(attempt),
              bytes: 16,
            },
          },
        }),
      ),
    staleTime: Infinity,
  });
}

/** Another attempt's log, with what is sought in it and how it is shown. */
function useOpenAttempt(said: Said): (attempt: HistoryAttempt) => void {
  const navigate = useNavigate();
  const { q, regex, case: capitals, wrap } = said;
  return useCallback(
    (attempt) => {
      const query = new URLSearchParams({ path: attempt.log_path });
      for (const [name, value] of Object.entries({ q, regex, case: capitals, wrap }))
        if (value) query.set(name, value);
      void navigate(`/ui/logs/view?${query}`);
    },
    [navigate, q, regex, capitals, wrap],
  );
}
