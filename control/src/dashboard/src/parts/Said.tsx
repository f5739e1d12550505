/** Words with <b>important</b> parts in them. */
import type { ParseKeys, TFunction } from "i18next";
import type { ComponentType, ReactElement } from "react";
import { Trans, useTranslation } from "react-i18next";

/** Trans's own type asks the compiler about all words at once, and they are too many for it. */
const Plain = Trans as ComponentType<{
  t: TFunction;
  i18nKey: string;
  values: Record<string, unknown>;
  components: Record<string, ReactElement>;
}>;

export function Said({ of, ...values }: { of: ParseKeys } & Record<string, unknown>) {
  const { t } = useTranslation();
  return <Plain t={t} i18nKey={of} values={values} components={{ b: <b className="strong" /> }} />;
}
