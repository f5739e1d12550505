/** The browsers that are logged in, each of which can be logged out from here. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, DELETE, GET } from "@/api/client";
import { useWhyNot } from "@/api/identity";
import type { HeldLogin } from "@/api/types";
import { absolute, clock } from "@/format/time";
import { Failure } from "@/parts/Empty";
import { useLoginName } from "@/parts/logins";
import * as toast from "@/parts/toast";
import { Why } from "@/parts/Why";
import { Row } from "./Row";
import css from "./Setting.module.css";

const LATEST = 15_000;

export function Logins() {
  const { t } = useTranslation();
  const nameOf = useLoginName();
  const { data, error, refetch } = useQuery({
    queryKey: ["logins"],
    queryFn: () => ask(GET("/api/auth/logins")),
    refetchInterval: LATEST,
  });
  const end = async (one: HeldLogin) => {
    try {
      await ask(DELETE("/api/auth/logins/{id}", { params: { path: { id: one.id } } }));
      toast.said(t("setting.isLoggedOut", { name: nameOf(one.name) }));
    } catch (failure) {
      toast.failed(failure);
    }
    void refetch();
  };
  return (
    <Row label={t("setting.loggedIn")}>
      {error ? (
        <Failure error={error} again={() => void refetch()} />
      ) : (
        <ul className={css.logins}>
          {(data?.logins ?? []).map((one) => (
            <Login key={one.id} one={one} end={() => void end(one)} />
          ))}
        </ul>
      )}
    </Row>
  );
}

function Login({ one, end }: { one: HeldLogin; end: () => void }) {
  const { t } = useTranslation();
  const nameOf = useLoginName();
  const whyNot = useWhyNot();
  return (
    <li>
      <span title={one.name}>{one.own ? t("logins.here") : nameOf(one.name)}</span>
      <span className="t2" title={absolute(one.since)}>
        {t("setting.loggedInSince", { at: clock(one.since) })}
      </span>
      {!one.own && (
        <>
          <span className="t3" title={absolute(one.seen_at)}>
            {t("setting.seenAt", { at: clock(one.seen_at) })}
          </span>
          <Why not={whyNot}>
            <Button variant="subtle" className={css.right} onClick={end}>
              {t("setting.logOut")}
            </Button>
          </Why>
        </>
      )}
    </li>
  );
}
