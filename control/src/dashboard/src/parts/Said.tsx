/** Words with <b>important</b> parts in them. */
import { Trans, useTranslation } from "react-i18next";
import type { ParseKeys } from "i18next";

export function Said({ of, ...values }: { of: ParseKeys } & Record<string, unknown>) {
  const { t } = useTranslation();
  // One key's type for all: of hundreds TypeScript gives up.
  const key = of as "banners.readOnly";
  return <Trans t={t} i18nKey={key} values={values} components={{ b: <b className="strong" /> }} />;
}
