/** Words with <b>important</b> parts in them. */
import type { ReactElement } from "react";
import { Trans, useTranslation } from "react-i18next";

/** Trans's own type asks the compiler about all words at once, and they are too many for it. */
const Plain = Trans as ComponentType<{
  t: TFunction;
  i18nKey: string;
  values: Record<string, unknown>;
  components: Record<string, ReactElement>;
}>;

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
<<<<<<< HEAD
  return <Words t={t} i18nKey={of} values={values} components={{ b: <b className="strong" /> }} />;
=======
  return <Plain t={t} i18nKey={of} values={values} components={{ b: <b className="strong" /> }} />;
>>>>>>> ea9644e4746e722c8fa34da5cd63e8548c1e6c13
}
