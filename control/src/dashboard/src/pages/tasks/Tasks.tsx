import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Tasks() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.tasks")}>
      <Empty title={t("pages.tasks")} text={t("tasks.soon")} />
    </Page>
  );
}
