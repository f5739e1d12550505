/** Where it listens, by which names, and how it is reached. */
import { NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useIdentity } from "@/api/identity";
import { Tags } from "@/parts/Tags";
import type { Draft } from "./draft";
import { waysTo } from "./reach";
import { Card, Copied, Hint, Row, SwitchRow } from "./Row";
import css from "./Setting.module.css";

export function AddressCard({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const who = useIdentity();
  const disabled = who?.role === "read";
  const { found } = draft;
  const told = (key: string, hint: string) =>
    found.command_line.includes(key) ? t("setting.commandLine") : hint;
  const lan = draft.value("allow-lan") === true;
  const uds = draft.value("uds");
  return (
    <Card title={t("setting.address")}>
      <Row label={t("setting.port")} htmlFor="port">
        <Port draft={draft} disabled={disabled} />
        <Hint>
          {found.port_taken !== null
            ? t("setting.portTaken", { port: found.port_taken })
            : told("port", t("setting.portHint"))}
        </Hint>
      </Row>
      <Row label={t("setting.bind")} htmlFor="bind-address">
        <TextInput
          id="bind-address"
          w={150}
          disabled={disabled}
          value={String(draft.value("bind-address") ?? "")}
          onChange={(event) => draft.set("bind-address", event.currentTarget.value)}
        />
        <Hint>{told("bind-address", t("setting.nextStart"))}</Hint>
      </Row>
      <SwitchRow
        id="allow-lan"
        label={t("setting.lan")}
        disabled={disabled}
        checked={lan}
        turn={(on) => draft.set("allow-lan", on)}
      >
        {t(lan ? "setting.lanOn" : "setting.lanOff")}
      </SwitchRow>
      <Row label={t("setting.uds")} htmlFor="uds">
        <TextInput
          id="uds"
          w={220}
          disabled={disabled}
          placeholder={t("setting.none")}
          value={typeof uds === "string" ? uds : ""}
          onChange={({ currentTarget }) => draft.set("uds", currentTarget.value || null)}
        />
        <Hint>{t(found.uds === uds || !uds ? "setting.udsHint" : "setting.nextStart")}</Hint>
      </Row>
      <Row label={t("setting.hosts")} htmlFor="allowed-hosts">
        <Tags
          id="allowed-hosts"
          disabled={disabled}
          placeholder={t("setting.addHost")}
          value={(draft.value("allowed-hosts") as string[] | null) ?? []}
          onChange={(next) => draft.set("allowed-hosts", next)}
        />
        <Hint>{t("setting.hostsHint")}</Hint>
      </Row>
      <Row label={t("setting.reach")}>
        <div className={css.lines}>
          {waysTo(found, who?.host ?? "HOST").map(({ text, place }) => (
            <Copied key={text} text={text} said={t(`setting.places.${place}`)} />
          ))}
        </div>
      </Row>
    </Card>
  );
}

/** Empty, it is on its way to a number. */
function Port({ draft, disabled }: { draft: Draft; disabled: boolean }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<string | number | null>(null);
  const port = typed ?? Number(draft.value("port"));
  const right = typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535;
  return (
    <NumberInput
      id="port"
      w={96}
      hideControls
      allowDecimal={false}
      allowNegative={false}
      disabled={disabled}
      error={right ? false : t("rule.fault.maximum", { key: "port", limit: 65_535 })}
      value={port}
      onChange={(next) => {
        setTyped(next);
        if (typeof next === "number") draft.set("port", next);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
