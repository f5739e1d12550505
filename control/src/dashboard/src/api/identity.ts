/** Who is logged in, and whether they may write now. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, GET } from "./client";
import { useKnown } from "./live";
import type { Identity } from "./types";

export function useIdentity(): Identity | undefined {
  return useQuery({
    queryKey: ["identity"],
    queryFn: () => ask(GET("/api/auth/check")),
    staleTime: Infinity,
  }).data;
}

/** Why nothing can be changed from here at the moment; undefined: it can. */
export function useWhyNot(): string | undefined {
  const { t } = useTranslation();
  const who = useIdentity();
  const { connection } = useKnown();
  if (who?.role === "read") return t("verbs.readOnly");
  return connection === "lost" ? t("verbs.lost") : undefined;
}
