/** Who may come in: the two secrets, and a link for another browser. */
import { Button } from "@mantine/core";
import { IconLink, IconLock, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, leave, POST } from "@/api/client";
import { useIdentity, useWhyNot } from "@/api/identity";
import { serverNow } from "@/api/live";
import type { ControlConfig } from "@/api/types";
import { clock } from "@/format/time";
import { useConfirm } from "@/parts/Confirm";
import { Said } from "@/parts/Said";
import * as toast from "@/parts/toast";
import { Why } from "@/parts/Why";
import { put } from "./draft";
import { Logins } from "./Logins";
import { waysTo } from "./reach";
import { Card, Copied, Hint, Row } from "./Row";
import css from "./Setting.module.css";

type Name = "secret" | "read-only-secret";
const NAMES: Name[] = ["secret", "read-only-secret"];

export function SecretsCard({ found }: { found: ControlConfig }) {
  const { t } = useTranslation();
  return (
    <Card title={t("setting.secrets")}>
      <div className={css.boxed}>
        <IconLock size={14} stroke={1.75} aria-hidden />
        <span>
          <Said of="setting.secretsNote" />
        </span>
      </div>
      {NAMES.map((name) => (
        <Secret key={name} name={name} found={found} />
      ))}
      <Logins />
      <LoginLink found={found} />
    </Card>
  );
}

function Secret({ name, found }: { name: Name; found: ControlConfig }) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const whyNot = useWhyNot();
  const inFile = found.secrets[name] === "in the file";
  const replace = async () => {
    try {
      await put(found.etag, { [name]: null });
      leave(); // this browser's session went with it
    } catch (error) {
      toast.failed(error);
    }
  };
  return (
    <Row label={t(name === "secret" ? "setting.fullSecret" : "setting.readSecret")}>
      <span className={css.beside}>{t(inFile ? "setting.inFile" : "setting.made")}</span>
      <Why not={whyNot}>
        <Button
          className={css.right}
          leftSection={<IconRefresh size={14} stroke={1.75} />}
          onClick={() =>
            confirm({
              title: t(name === "secret" ? "setting.replaceTitle" : "setting.replaceReadTitle"),
              body: `${inFile ? `${t("setting.replaceInFile")} ` : ""}${t("setting.replaceBody")}`,
              keep: t("setting.keepSecret"),
              act: { label: t("setting.replaceDo"), act: () => void replace() },
            })
          }
        >
          {t("setting.replace")}
        </Button>
      </Why>
    </Row>
  );
}

const LIFE_SECONDS = 600;
type Role = "write" | "read";

function LoginLink({ found }: { found: ControlConfig }) {
  const { t } = useTranslation();
  const whyNot = useWhyNot();
  const who = useIdentity();
  const [made, setMade] = useState<{ token: string; until: number; role: Role } | null>(null);
  const make = async (role: Role) => {
    try {
      const { token } = await ask(POST("/api/auth/link", { body: { role } }));
      setMade({ token, until: serverNow() + LIFE_SECONDS, role });
    } catch (error) {
      toast.failed(error);
    }
  };
  // Behind a socket only the browser itself knows how it has come here.
  const ways = waysTo(found, who?.host ?? "").flatMap(({ url, place }) => (url ? [{ url, place }] : []));
  const shown = ways.length ? ways : [{ url: location.origin, place: "tunnel" as const }];
  return (
    <Row label={t("setting.otherBrowser")}>
      <span className={css.links}>
        {(["read", "write"] as const).map((role) => (
          <Why key={role} not={whyNot}>
            <Button leftSection={<IconLink size={14} stroke={1.75} />} onClick={() => void make(role)}>
              {t(role === "read" ? "setting.makeReadLink" : "setting.makeLink")}
            </Button>
          </Why>
        ))}
      </span>
      <Hint>
        {made
          ? t(made.role === "read" ? "setting.readLinkUntil" : "setting.linkUntil", { at: clock(made.until) })
          : t("setting.otherHint")}
      </Hint>
      {made && (
        <div className={css.lines} aria-live="polite">
          {shown.map(({ url, place }) => (
            <Copied key={url} text={`${url}/login#${made.token}`} said={t(`setting.places.${place}`)} />
          ))}
        </div>
      )}
    </Row>
  );
}
