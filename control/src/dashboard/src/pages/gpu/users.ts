/** Names of people in one line. */
import { useTranslation } from "react-i18next";

/** "alice", "alice and bob", "alice and 3 more"; null is somebody whose name can't be found. */
export function useUsers(): (users: readonly (string | null)[]) => string {
  const { t } = useTranslation();
  return (users) => {
    const [first, second, ...rest] = [
      ...users.filter((user) => user !== null),
      ...users.filter((user) => user === null),
    ];
    const one = first ?? t("gpu.somebody");
    if (second === undefined) return one;
    const other = rest.length
      ? t("gpu.moreUsers", { count: rest.length + 1 })
      : (second ?? t("gpu.somebody"));
    return t("gpu.and", { one, other });
  };
}
