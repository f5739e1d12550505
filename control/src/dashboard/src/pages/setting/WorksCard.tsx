/** What the console reads, and starts by itself. */
import { Select, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useIdentity } from "@/api/identity";
import { Tags } from "@/parts/Tags";
import type { Draft } from "./draft";
import { Card, Hint, Row } from "./Row";
import css from "./Setting.module.css";

/** Saved all the same: a folder may come later. */
function Absent({ roots }: { roots: readonly string[] }) {
  const { t } = useTranslation();
  if (!roots.length) return null;
  return (
    <div className={css.warning} role="status">
      <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
      {t("setting.rootsAbsent", { count: roots.length, roots: roots.join(t("lists.comma")) })}
    </div>
  );
}

export function WorksCard({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const disabled = useIdentity()?.role === "read";
  const level = draft.found.keys.find(({ key }) => key === "log-level");
  const list = (key: string, placeholder: string) => (
    <Tags
      id={key}
      disabled={disabled}
      placeholder={placeholder}
      value={(draft.value(key) as string[] | null) ?? []}
      onChange={(next) => draft.set(key, next)}
    />
  );
  const roots = (draft.value("log-roots") as string[] | null) ?? [];
  return (
    <Card title={t("setting.works")}>
      <Row label={t("setting.roots")} htmlFor="log-roots">
        {list("log-roots", t(roots.length ? "setting.addRoot" : "setting.rootsDefault"))}
        <Hint>{t("setting.rootsHint")}</Hint>
        <Absent roots={draft.found.absent_roots.filter((root) => roots.includes(root))} />
      </Row>
      <Row label={t("setting.autostart")} htmlFor="autostart">
        {list("autostart", t("setting.addConfiguration"))}
        <Hint>{t("setting.autostartHint")}</Hint>
      </Row>
      <Row label={t("setting.rules")} htmlFor="target-yaml-path">
        <TextInput
          id="target-yaml-path"
          className={css.wide}
          disabled={disabled}
          value={String(draft.value("target-yaml-path") ?? "")}
          onChange={(event) => draft.set("target-yaml-path", event.currentTarget.value)}
        />
      </Row>
      <Row label={t("setting.logLevel")} htmlFor="log-level">
        <Select
          id="log-level"
          w={120}
          disabled={disabled}
          data={level?.choices ?? []}
          value={String(draft.value("log-level"))}
          onChange={(next) => draft.set("log-level", next)}
        />
        <Hint>
          <code>control/logs/console.log</code>
        </Hint>
      </Row>
    </Card>
  );
}
