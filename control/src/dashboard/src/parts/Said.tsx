/** Words with <b>important</b> parts in them. */
import { Trans, useTranslation } from "react-i18next";
import type { ParseKeys } from "i18next";

export function Said({ of, ...values }: { of: ParseKeys } & Record<string, unknown>) {
  const { t } = useTranslation();
  // Any of them: that all have the same type is too much for TypeScript to work out.
  return (
    <Trans
      t={t}
      i18nKey={of as "banners.lost"}
      values={values}
      components={{ b: <b className="strong" /> }}
    />
  );
}
