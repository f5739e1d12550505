/** Who is told when something ends or breaks: this browser, and addresses elsewhere. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask, GET, POST } from "@/api/client";
import { useWhyNot } from "@/api/identity";
import { askForNotices, canNotice, setNotices, wantsNotices } from "@/parts/notices";
import { failed } from "@/parts/toast";
import { Why } from "@/parts/Why";
import { setTitleCounts, titleCounts } from "@/shell/title";
import { Card, Hint, Row, SwitchRow } from "./Row";
import css from "./Setting.module.css";

export function NoticesCard() {
  const { t } = useTranslation();
  const config = useQuery({ queryKey: ["config", "now"], queryFn: () => ask(GET("/api/config")) });
  const urls: unknown = config.data?.values["notify.urls"];
  return (
    <Card title={t("setting.notices")}>
      <InBrowser />
      <InTitle />
      <Elsewhere count={Array.isArray(urls) ? urls.length : 0} />
    </Card>
  );
}

function InTitle() {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState(titleCounts);
  return (
    <SwitchRow
      id="title"
      label={t("setting.tab")}
      checked={wanted}
      turn={(on) => {
        setTitleCounts(on);
        setWanted(on);
      }}
    >
      {t("setting.tabHint")} <code>▶4 ✕1 gpulane</code>
    </SwitchRow>
  );
}

function Elsewhere({ count }: { count: number }) {
  const { t } = useTranslation();
  const none = count ? undefined : t("setting.sendTestNone");
  const test = useMutation({ mutationFn: () => ask(POST("/api/config/notify")), onError: failed });
  const whyNot = useWhyNot() ?? none;
  return (
    <Row label={t("setting.sendTo")}>
      <span>{t("setting.sendCount", { count })}</span>
      <span className={css.right}>
        <Why not={whyNot}>
          <Button loading={test.isPending} onClick={() => test.mutate()}>
            {t("setting.sendTest")}
          </Button>
        </Why>{" "}
        <Button component={Link} to="/ui/rule#rule-notify.urls">
          {t("setting.toRules")}
        </Button>
      </span>
      <Hint>{t("setting.sendHint")}</Hint>
      <div role="status" className={css.hint}>
        {test.data?.answers.map(({ address, error }) => (
          <div key={address}>
            {t(error === null ? "setting.testSent" : "setting.testFailed", { address, error })}
          </div>
        ))}
      </div>
    </Row>
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
    <SwitchRow
      id="notices"
      label={t("setting.browser")}
      disabled={!canNotice()}
      checked={wanted}
      turn={(on) => void turn(on)}
    >
      {t(`setting.${said}`)}
    </SwitchRow>
  );
}
