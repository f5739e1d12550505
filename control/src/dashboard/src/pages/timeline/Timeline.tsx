import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Timeline() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.timeline")}>
      <Empty title={t("pages.timeline")} text={t("timeline.soon")} />
    </Page>
  );
}
