/** What a block's #LANE line says: the usual options, and others that one adds. */
import { Menu, Select, Switch, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Said } from "@/parts/Said";
import { useKnown } from "@/api/live";
import page from "../Command.module.css";
import { durationText, envText, readDuration, readEnv, readList, readWhole } from "../model/fields";
import type { Item } from "../model/sheet";
import { usePage } from "../page";
import { LinkButton } from "../Link";
import { boundPage } from "@/parts/bindings";
import { BindLog, useBound } from "./BindLog";
import { Field } from "./Field";
import css from "./Form.module.css";
import { useChange } from "./TaskForm";
import { useTyped } from "./useTyped";

const MORE = [
  "priority",
  "queue_name",
  "devices",
  "queue_devices",
  "cwd",
  "repeat",
  "fifo",
  "terminal",
  "env",
] as const;
type More = (typeof MORE)[number];

export function Options({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { file, whyNot } = usePage();
  const [asked, setAsked] = useState<readonly More[]>([]);
  const shown = MORE.filter((option) => asked.includes(option) || isSet(item, option));
  const left = MORE.filter((option) => !shown.includes(option));
  const [binding, setBinding] = useState(false);
  const bound = useBound(file.partners.get(item));
  return (
    <>
      <div className={css.legend}>
        <span className="strong">{t("command.options")}</span>
        <span className="t3">
          <Said of="command.optionsHint" />
        </span>
      </div>
      <Usual item={item} />
      {shown.length > 0 && (
        <div className={css.options}>
          {shown.map((option) => (
            <Other key={option} item={item} option={option} />
          ))}
        </div>
      )}
      <div className={css.switches}>
        <Switches item={item} />
        <span className={css.links}>
          {left.length > 0 && (
            <Menu position="top-end">
              <Menu.Target>
                <button type="button" className={page.link} disabled={whyNot !== undefined} title={whyNot}>
                  {t("command.addOption")}
                </button>
              </Menu.Target>
              <Menu.Dropdown>
                {left.map((option) => (
                  <Menu.Item key={option} onClick={() => setAsked([...asked, option])}>
                    <code>{option}</code> <span className="t3">{t(`command.option.${option}`)}</span>
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
          <LinkButton act={() => setBinding(true)}>
            {t(bound ? "command.boundLog" : "command.bindLog")}
          </LinkButton>
          {bound && (
            <Link className="cut" to={boundPage(bound)}>
              <code>{bound.log_path}</code>
            </Link>
          )}
        </span>
      </div>
      {binding && <BindLog item={item} close={() => setBinding(false)} />}
    </>
  );
}

function isSet({ options, repeat }: Item, option: More): boolean {
  if (option === "repeat") return repeat > 1;
  if (option === "terminal") return options.terminal !== "direct";
  const value = options[option];
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function Usual({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { whyNot } = usePage();
  const { gpus } = useKnown();
  const change = useChange(item);
  const { timeout, retries, on_failure, model } = item.options;
  const settings = t("command.asSettings");
  const models = [...new Set((gpus?.cards ?? []).map((card) => card.name))].join(", ");
  return (
    <div className={css.options}>
      <Field
        label={<code>timeout</code>}
        placeholder={settings}
        now={durationText(timeout)}
        read={readDuration}
        commit={(value) => change({ options: { timeout: value } })}
        bad={t("command.badDuration")}
        whyNot={whyNot}
      />
      <Field
        label={<code>retries</code>}
        placeholder={settings}
        now={retries == null ? "" : String(retries)}
        read={readWhole}
        commit={(value) => change({ options: { retries: value } })}
        bad={t("command.badWhole")}
        whyNot={whyNot}
      />
      <Select
        label={<code>on_failure</code>}
        value={on_failure ?? ""}
        readOnly={whyNot !== undefined}
        data={[
          { value: "", label: settings },
          { value: "stop", label: t("command.stop") },
          { value: "continue", label: t("command.continue") },
        ]}
        onChange={(value) =>
          void change({ options: { on_failure: value === "stop" || value === "continue" ? value : null } })
        }
      />
      <Field
        label={<code title={models}>model</code>}
        placeholder={t("command.any")}
        now={model ?? ""}
        read={(typed) => typed.trim() || null}
        commit={(value) => change({ options: { model: value } })}
        whyNot={whyNot}
      />
    </div>
  );
}

function Switches({ item }: { item: Item }) {
  const { t } = useTranslation();
  const { whyNot } = usePage();
  const change = useChange(item);
  const off = whyNot !== undefined;
  return (
    <>
      <Switch
        withThumbIndicator={false}
        label={t("command.hold")}
        disabled={off}
        checked={item.options.hold}
        onChange={(event) => void change({ options: { hold: event.currentTarget.checked } })}
      />
      <Switch
        withThumbIndicator={false}
        label={t("command.share")}
        disabled={off}
        checked={item.options.share !== false}
        onChange={(event) => void change({ options: { share: event.currentTarget.checked ? null : false } })}
      />
      {isSet(item, "fifo") && (
        <Switch
          withThumbIndicator={false}
          label={<code>fifo</code>}
          disabled={off}
          checked
          onChange={() => void change({ options: { fifo: false } })}
        />
      )}
    </>
  );
}

function Other({ item, option }: { item: Item; option: More }) {
  const { t } = useTranslation();
  const { whyNot } = usePage();
  const change = useChange(item);
  const { options } = item;
  const label = <code title={t(`command.option.${option}`)}>{option}</code>;
  const base = { label, whyNot };
  switch (option) {
    case "repeat":
    case "priority": {
      const now = option === "repeat" ? item.repeat : options.priority;
      const least = option === "repeat" ? 1 : -999_999_999;
      return (
        <Field
          {...base}
          now={String(now)}
          read={(typed) => readWhole(typed, least) ?? (option === "repeat" ? 1 : 0)}
          commit={(value) =>
            change(option === "repeat" ? { repeat: value } : { options: { priority: value } })
          }
          bad={t("command.badWhole")}
        />
      );
    }
    case "queue_name":
    case "cwd":
      return (
        <Field
          {...base}
          now={options[option] ?? ""}
          read={(typed) => typed.trim() || null}
          commit={(value) => change({ options: { [option]: value } })}
        />
      );
    case "devices":
    case "queue_devices":
      return (
        <Field
          {...base}
          placeholder="0,1"
          now={options[option]?.join(",") ?? ""}
          read={readList}
          commit={(value) => change({ options: { [option]: value } })}
        />
      );
    case "env":
      return <Env item={item} label={label} />;
    case "terminal":
    case "fifo":
      return <Flag item={item} option={option} label={label} />;
  }
}

function Flag({ item, option, label }: { item: Item; option: "terminal" | "fifo"; label: React.ReactNode }) {
  const { t } = useTranslation();
  const { whyNot } = usePage();
  const change = useChange(item);
  const { terminal, fifo } = item.options;
  const yes = option === "terminal" ? "tmux" : "fifo";
  return (
    <Select
      label={label}
      readOnly={whyNot !== undefined}
      value={(option === "terminal" ? terminal === "tmux" : fifo) ? yes : ""}
      data={[
        { value: "", label: t("command.asSettings") },
        { value: yes, label: yes },
      ]}
      onChange={(value) =>
        void change({
          options:
            option === "terminal"
              ? { terminal: value === "tmux" ? "tmux" : "direct" }
              : { fifo: value === yes },
        })
      }
    />
  );
}

function Env({ item, label }: { item: Item; label: React.ReactNode }) {
  const { t } = useTranslation();
  const { whyNot } = usePage();
  const change = useChange(item);
  const typed = useTyped({
    now: envText(item.options.env),
    read: readEnv,
    commit: (env) => change({ options: { env } }),
    bad: t("command.badEnv"),
  });
  return (
    <Textarea
      className={css.wideField}
      label={label}
      autosize
      minRows={1}
      maxRows={8}
      placeholder="NAME=value"
      readOnly={whyNot !== undefined}
      spellCheck={false}
      value={typed.text}
      error={typed.error}
      onChange={(event) => typed.type(event.currentTarget.value)}
      onBlur={typed.leave}
    />
  );
}
