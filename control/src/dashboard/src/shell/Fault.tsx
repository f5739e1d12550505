/** What is seen where a page breaks, or there is none. */
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useRouteError } from "react-router";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Fault() {
  const { t } = useTranslation();
  const error = useRouteError();
  const said = error instanceof Error ? error.message : String(error);
  return (
    <Page title={t("errors.bug")}>
      <Empty title={t("errors.bug")} text={said} action={<ToState />} />
    </Page>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Page title={t("errors.notFound")}>
      <Empty title={t("errors.notFound")} text={pathname} action={<ToState />} />
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
