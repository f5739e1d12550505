/** Words with <b>important</b> parts in them. */
import type { ReactElement } from "react";
import { Trans, useTranslation } from "react-i18next";
import type { ParseKeys } from "i18next";

interface Parts {
  t: unknown;
  i18nKey: string;
  values: Record<string, unknown>;
  components: Record<string, ReactElement>;
}

/** Its own type compares every key with every other, which is too much for so many; `of` is checked below. */
const Words = Trans as unknown as (parts: Parts) => ReactElement;

export function Said({ of, ...values }: { of: ParseKeys } & Record<string, unknown>) {
  const { t } = useTranslation();
  return <Words t={t} i18nKey={of} values={values} components={{ b: <b className="strong" /> }} />;
}
