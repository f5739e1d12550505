import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Logs() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.logs")}>
      <Empty title={t("pages.logs")} text={t("logs.soon")} />
    </Page>
  );
}
