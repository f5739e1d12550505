import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Command() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.command")}>
      <Empty title={t("pages.command")} text={t("command.soon")} />
    </Page>
  );
}
