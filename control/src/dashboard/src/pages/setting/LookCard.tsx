/** How it looks, and which keys it hears: kept in this browser. */
import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { clockSeconds, largestUnit } from "@/format/time";
import { isAgo, setAgo } from "@/parts/Moment";
import { useSecond } from "@/parts/now";
import { isComfortable, setComfortable } from "@/parts/density";
import { keep, recall } from "@/parts/kept";
import { KEYS_OFF } from "@/shell/keys";
import { chooseLanguage, chosenLanguage } from "@/words";
import { Card, Row, SwitchRow } from "./Row";

export function LookCard() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [comfortable, setChosen] = useState(isComfortable);
  return (
    <Card title={t("setting.look")} hint={t("setting.lookHint")}>
      <Row label={t("setting.language")}>
        <SegmentedControl
          aria-label={t("setting.language")}
          value={chosenLanguage() ?? ""}
          onChange={(next) => void chooseLanguage(next === "" ? null : next)}
          data={[
            { value: "", label: t("setting.system") },
            { value: "en", label: "English" },
            { value: "zh", label: "中文" },
          ]}
        />
      </Row>
      <Row label={t("setting.theme")}>
        <SegmentedControl
          aria-label={t("setting.theme")}
          value={colorScheme}
          onChange={(next) => setColorScheme(next)}
          data={[
            { value: "auto", label: t("setting.system") },
            { value: "dark", label: t("setting.dark") },
            { value: "light", label: t("setting.light") },
          ]}
        />
      </Row>
      <Row label={t("setting.density")}>
        <SegmentedControl
          aria-label={t("setting.density")}
          value={comfortable ? "comfortable" : "compact"}
          onChange={(next) => {
            setComfortable(next === "comfortable");
            setChosen(next === "comfortable");
          }}
          data={[
            { value: "compact", label: t("setting.compact") },
            { value: "comfortable", label: t("setting.comfortable") },
          ]}
        />
      </Row>
      <Times />
      <Keys />
    </Card>
  );
}

function Times() {
  const { t } = useTranslation();
  const [ago, setChosen] = useState(isAgo);
  const now = useSecond();
  return (
    <Row label={t("setting.times")}>
      <SegmentedControl
        aria-label={t("setting.times")}
        value={ago ? "ago" : "clock"}
        onChange={(next) => {
          setAgo(next === "ago");
          setChosen(next === "ago");
        }}
        data={[
          { value: "clock", label: clockSeconds(now) },
          { value: "ago", label: t("ago", { time: largestUnit(EXAMPLE) }) },
        ]}
      />
      <span className="t3">{t("setting.timesHint")}</span>
    </Row>
  );
}

const EXAMPLE = 120;

function Keys() {
  const { t } = useTranslation();
  const [off, setOff] = useState(() => recall(KEYS_OFF) !== null);
  return (
    <SwitchRow
      id="keys"
      label={t("setting.keys")}
      checked={!off}
      turn={(on) => {
        keep(KEYS_OFF, on ? null : "yes");
        setOff(!on);
      }}
    >
      {t("setting.keysHint")}
    </SwitchRow>
  );
}
