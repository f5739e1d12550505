/** What is seen where a page breaks, or there is none. */
import { Button } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useRouteError } from "react-router";
import { useKnown } from "@/api/live";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Fault() {
  const { t } = useTranslation();
  const error = useRouteError();
  const said = error instanceof Error ? error.message : String(error);
  const isMissing = NOT_LOADED.test(said);
  const { connection } = useKnown();
  const isBack = isMissing && connection === "live";
  useEffect(() => {
    if (isBack) void reload();
  }, [isBack]);
  const title = t(isMissing ? "errors.title" : "errors.bug");
  return (
    <Page title={title}>
      <Empty title={isMissing ? t("errors.notLoaded") : said} action={isMissing ? <Again /> : <ToState />} />
    </Page>
  );
}

function Again() {
  const { t } = useTranslation();
  return <Button onClick={() => location.reload()}>{t("errors.again")}</Button>;
}

/** As Vite and browsers say that a part of the program did not come: the console is gone, or another version. */
const NOT_LOADED = /preload|dynamically imported|importing a module script/i;
const RELOADED = "gpulane-reloaded";
const AGAIN_AFTER = 30_000;

/** Not over and over, should it be missing for good; nor while nobody is there to answer. */
async function reload(): Promise<void> {
  const last = Number(sessionStorage.getItem(RELOADED));
  if (Date.now() - last < AGAIN_AFTER) return;
  const answer = await fetch("/healthz").catch(() => null);
  if (!answer?.ok) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

export function NotFound() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Page title={t("errors.notFound")}>
      <Empty title={pathname} text={t("errors.notFoundText")} action={<ToState />} />
    </Page>
  );
}

function ToState() {
  const { t } = useTranslation();
  return (
    <Button component={Link} to="/ui/state">
      {t("errors.toState")}
    </Button>
  );
}
