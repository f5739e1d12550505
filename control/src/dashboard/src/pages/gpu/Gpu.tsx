import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function Gpu() {
  const { t } = useTranslation();
  return (
    <Page title={t("pages.gpu")}>
      <Empty title={t("pages.gpu")} text={t("gpu.soon")} />
    </Page>
  );
}
