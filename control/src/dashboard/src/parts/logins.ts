/** Whose a login is, as versions and the audit name them. */
import { useTranslation } from "react-i18next";
import { useIdentity } from "@/api/identity";

/** "this browser", "another browser", "a script", "the console"; other names as they are. */
export function useLoginName(): (login: string) => string {
  const { t } = useTranslation();
  const me = useIdentity()?.name;
  return (login) => {
    if (login === me) return t("logins.here");
    if (login.startsWith("bearer")) return t("logins.script");
    const [, name, reads] = /^browser (\w+)(, read-only)?$/.exec(login) ?? [];
    if (!name) return login;
    return t("logins.other", { name }) + (reads ? t("lists.comma") + t("shell.readOnly") : "");
  };
}
