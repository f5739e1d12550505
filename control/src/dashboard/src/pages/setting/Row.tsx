/** A card of settings, and a line of it. */
import { ActionIcon, CopyButton, Switch, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useId, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import css from "./Setting.module.css";

export function Card({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={`card ${css.card}`} aria-labelledby={id}>
      <h2 id={id} className={css.title}>
        {title} {hint && <span className="t3">{hint}</span>}
      </h2>
      {children}
    </section>
  );
}

/** `htmlFor`: the field that the label is of, where it is one. */
export function Row({ label, htmlFor, children }: { label: string; htmlFor?: string; children: ReactNode }) {
  return (
    <div className={css.row}>
      {htmlFor ? (
        <label className={css.label} htmlFor={htmlFor}>
          {label}
        </label>
      ) : (
        <div className={css.label}>{label}</div>
      )}
      <div className={css.value}>{children}</div>
    </div>
  );
}

interface SwitchProps {
  id: string;
  label: string;
  checked: boolean;
  disabled?: boolean;
  turn: (on: boolean) => void;
  /** What it does, or why it can't be used. */
  children: ReactNode;
}

export function SwitchRow({ id, label, checked, disabled, turn, children }: SwitchProps) {
  return (
    <Row label={label} htmlFor={id}>
      <Switch
        id={id}
        size="xs"
        withThumbIndicator={false}
        disabled={disabled ?? false}
        checked={checked}
        onChange={(event) => turn(event.currentTarget.checked)}
      />
      <span className={css.beside}>{children}</span>
    </Row>
  );
}

export function Hint({ children }: { children: ReactNode }) {
  return <span className={css.hint}>{children}</span>;
}

/** What can be copied, and what it is. */
export function Copied({ text, said }: { text: string; said: string }) {
  const { t } = useTranslation();
  return (
    <div className={css.copied}>
      <code>{text}</code> <span className={css.hint}>{said}</span>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={t(copied ? "setting.copied" : "setting.copy")}>
            <ActionIcon aria-label={`${t("setting.copy")} ${text}`} onClick={copy}>
              {copied ? <IconCheck size={16} stroke={1.75} /> : <IconCopy size={16} stroke={1.75} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  );
}
