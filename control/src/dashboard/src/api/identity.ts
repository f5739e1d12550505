/** Who is logged in, and whether they may write now. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { setPlace } from "@/parts/kept";
import { ask, GET } from "./client";
import { useKnown } from "./live";
import type { Identity } from "./types";

function useWho() {
  return useQuery({
    queryKey: ["identity"],
    queryFn: async () => {
      const who = await ask(GET("/api/auth/check"));
      setPlace(`${who.host} ${who.home}`);
      return who;
    },
    staleTime: Infinity,
  });
}

export function useIdentity(): Identity | undefined {
  return useWho().data;
}

/** It is known which console this is, as far as it can be. */
export function useIsKnown(): boolean {
  return !useWho().isPending;
}

/** Why nothing can be changed from here at the moment; undefined: it can. */
export function useWhyNot(): string | undefined {
  const { t } = useTranslation();
  const who = useIdentity();
  const { connection } = useKnown();
  if (who?.role === "read") return t("verbs.readOnly");
  return connection === "lost" ? t("verbs.lost") : undefined;
}
