/** Words with <b>important</b> parts in them. */
import { Trans, useTranslation } from "react-i18next";
import type { ParseKeys } from "i18next";

export function Said({ of, ...values }: { of: ParseKeys } & Record<string, unknown>) {
  const { t } = useTranslation();
  // Told of one key for all: of so many at once Trans's types are more than TypeScript works out.
  const key = of as "banners.lost";
  return <Trans t={t} i18nKey={key} values={values} components={{ b: <b className="strong" /> }} />;
}
