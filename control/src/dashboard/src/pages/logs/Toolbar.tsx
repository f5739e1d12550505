/** Going about in a log: to its first error, to what is sought; how it is shown. */
import { ActionIcon, Button, Switch, TextInput, Tooltip } from "@mantine/core";
import {
  IconArrowBarToDown,
  IconChevronDown,
  IconChevronUp,
  IconDownload,
  IconLetterCase,
  IconRegex,
  IconSearch,
} from "@tabler/icons-react";
import { useState, type KeyboardEvent, type Ref } from "react";
import { useTranslation } from "react-i18next";
import { count, size as sized } from "@/format/size";
import { refusalText } from "@/words/refused";
import type { Read } from "./reader";
import type { Searched } from "./log";
import { canSeek, LONGEST } from "./search";
import type { Said, Say } from "./View";
import css from "./View.module.css";

interface Props {
  said: Said;
  say: Say;
  read: Read;
  errors: Searched;
  found: Searched;
  /** Of the hit that is gone to, from 0. */
  at: number;
  step: (by: number) => void;
  toFirstError: () => void;
  canFollow: boolean;
  isFollowed: boolean;
  hasTimes: boolean;
  input: Ref<HTMLInputElement>;
}

export function Toolbar(props: Props) {
  const { said, say, read, errors, toFirstError } = props;
  const { t } = useTranslation();
  const hasNone = errors.hits.isDone && !errors.hits.matches.length;
  return (
    <div className={css.toolbar}>
      <Tooltip label={t(hasNone ? "logs.noError" : "logs.firstErrorTip")}>
        <Button
          leftSection={<IconArrowBarToDown size={14} stroke={1.75} />}
          disabled={!errors.hits.matches.length}
          className={css.firstError}
          onClick={toFirstError}
        >
          {t("logs.firstError")}
        </Button>
      </Tooltip>
      <Search {...props} />
      <div className={css.switches}>
        <Choice
          label={t("logs.follow")}
          tip={t(props.canFollow ? "logs.followTip" : "logs.ended")}
          isOn={props.isFollowed}
          disabled={!props.canFollow}
          choose={(isOn) => say({ follow: isOn ? "on" : "off" })}
        />
        {props.hasTimes && (
          <Choice
            label={t("logs.times")}
            tip={t("logs.timesTip")}
            isOn={said.times !== "off"}
            choose={(isOn) => say({ times: isOn ? "" : "off" })}
          />
        )}
        <Choice
          label={t("logs.wrap")}
          isOn={said.wrap === "on"}
          choose={(isOn) => say({ wrap: isOn ? "on" : "" })}
        />
        <Button
          component="a"
          href={`/api/log/download?${new URLSearchParams({ log_path: read.path })}`}
          download
          leftSection={<IconDownload size={14} stroke={1.75} />}
        >
          {t("logs.download", { size: sized(read.size) })}
        </Button>
      </div>
    </div>
  );
}

function Search({ said, say, found, at, step, input }: Props) {
  const { t } = useTranslation();
  const { hits } = found;
  const wrong = canSeek(said.q) ? found.error : new Error(t("logs.tooLong", { most: LONGEST }));
  // The address follows a moment later, and what is being typed must not wait for it.
  const [text, setText] = useState(said.q);
  const seek = (q: string) => {
    setText(q);
    say({ q, hit: "" });
  };
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      if (text) seek("");
      else event.currentTarget.blur();
    } else return;
    event.preventDefault();
  };
  return (
    <div className={css.search}>
      <TextInput
        ref={input}
        className={css.input ?? ""}
        leftSection={<IconSearch size={14} stroke={1.75} />}
        rightSectionWidth="auto"
        rightSection={
          said.q !== "" && (
            <span className={css.found}>
              <span className="t3" role="status">
                {!wrong && <Found found={found} at={at} />}
              </span>
              <Option
                label={t("logs.case")}
                Icon={IconLetterCase}
                isOn={said.case !== ""}
                choose={(isOn) => say({ case: isOn ? "on" : "", hit: "" })}
              />
              <Option
                label={t("logs.regex")}
                Icon={IconRegex}
                isOn={said.regex !== ""}
                choose={(isOn) => say({ regex: isOn ? "on" : "", hit: "" })}
              />
            </span>
          )
        }
        placeholder={t("logs.search")}
        aria-label={t("logs.search")}
        error={wrong !== null}
        aria-describedby={wrong === null ? undefined : "search-error"}
        maxLength={LONGEST}
        value={text}
        onKeyDown={keys}
        onChange={(event) => seek(event.currentTarget.value)}
      />
      {wrong instanceof Error && (
        <div id="search-error" role="alert" className={css.searchError}>
          {refusalText(wrong)}
        </div>
      )}
      <Tooltip label={t("logs.previous")}>
        <ActionIcon aria-label={t("logs.previous")} disabled={!hits.matches.length} onClick={() => step(-1)}>
          <IconChevronUp size={16} stroke={1.75} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("logs.next")}>
        <ActionIcon aria-label={t("logs.next")} disabled={!hits.matches.length} onClick={() => step(1)}>
          <IconChevronDown size={16} stroke={1.75} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function Found({ found, at }: { found: Searched; at: number }) {
  const { t } = useTranslation();
  const { matches, isDone, hasMore } = found.hits;
  if (!matches.length) return t(isDone ? "logs.noHits" : "logs.searching");
  const values = { at: count(at + 1), all: count(matches.length) };
  return isDone && !hasMore ? t("logs.hits", values) : t("logs.hitsOver", values);
}

interface OptionProps {
  label: string;
  Icon: typeof IconRegex;
  isOn: boolean;
  choose: (isOn: boolean) => void;
}

function Option({ label, Icon, isOn, choose }: OptionProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        size={22}
        aria-label={label}
        aria-pressed={isOn}
        className={css.option}
        onClick={() => choose(!isOn)}
      >
        <Icon size={14} stroke={1.75} />
      </ActionIcon>
    </Tooltip>
  );
}

interface ChoiceProps {
  label: string;
  tip?: string;
  isOn: boolean;
  disabled?: boolean;
  choose: (isOn: boolean) => void;
}

function Choice({ label, tip, isOn, disabled = false, choose }: ChoiceProps) {
  return (
    <Tooltip label={tip} disabled={!tip} refProp="rootRef">
      <Switch
        label={label}
        checked={isOn}
        withThumbIndicator={false}
        disabled={disabled}
        className={css.switch ?? ""}
        onChange={(event) => choose(event.currentTarget.checked)}
      />
    </Tooltip>
  );
}
