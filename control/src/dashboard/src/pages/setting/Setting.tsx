import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Setting() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.setting")}>
      <Empty title={t("pages.setting")} text={t("setting.soon")} />
    </Page>
  );
}
