import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function History() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.history")}>
      <Empty title={t("pages.history")} text={t("history.soon")} />
    </Page>
  );
}
