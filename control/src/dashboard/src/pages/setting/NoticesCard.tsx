/** Who is told when something ends or breaks: this browser, and addresses elsewhere. */
import { Button, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask, GET } from "@/api/client";
import { askForNotices, canNotice, setNotices, wantsNotices } from "@/parts/notices";
import { Card, Hint, Row } from "./Row";
import css from "./Setting.module.css";

export function NoticesCard() {
  const { t } = useTranslation();
  const config = useQuery({ queryKey: ["config", "now"], queryFn: () => ask(GET("/api/config")) });
  const urls: unknown = config.data?.values["notify.urls"];
  return (
    <Card title={t("setting.notices")}>
      <InBrowser />
      <Row label={t("setting.tab")}>
        <span className={css.beside}>
          {t("setting.tabHint")} <code>▶4 ✕1 gpulane</code>
        </span>
      </Row>
      <Row label={t("setting.sendTo")}>
        <span>{t("setting.sendCount", { count: Array.isArray(urls) ? urls.length : 0 })}</span>
        <Button component={Link} to="/ui/rule#rule-notify.urls" className={css.right}>
          {t("setting.toRules")}
        </Button>
        <Hint>{t("setting.sendHint")}</Hint>
      </Row>
    </Card>
  );
}

function InBrowser() {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState(wantsNotices);
  const [refused, setRefused] = useState(false);
  const turn = async (on: boolean) => {
    const granted = on && (await askForNotices());
    setNotices(granted);
    setWanted(granted);
    setRefused(on && !granted);
  };
  const said = !canNotice() ? "browserInsecure" : refused ? "browserRefused" : "browserHint";
  return (
    <Row label={t("setting.browser")} htmlFor="notices">
      <Switch
        id="notices"
        size="xs"
        withThumbIndicator={false}
        disabled={!canNotice()}
        checked={wanted}
        onChange={(event) => void turn(event.currentTarget.checked)}
      />
      <span className={css.beside}>{t(`setting.${said}`)}</span>
    </Row>
  );
}
