import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Rule() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.rule")}>
      <Empty title={t("pages.rule")} text={t("rule.soon")} />
    </Page>
  );
}
