/** Words with <b>important</b> parts in them. */
import { Trans, useTranslation } from "react-i18next";
import type { ParseKeys } from "i18next";

export function Said({ of, ...values }: { of: ParseKeys } & Record<string, unknown>) {
  const { t } = useTranslation();
  return <Trans t={t} i18nKey={of} values={values} components={{ b: <b className="strong" /> }} />;
}
