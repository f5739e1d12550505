/** The value of a key, as its kind is changed. */
import { NumberInput, Select, Switch, TextInput, Tooltip } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConfigKey } from "@/api/types";
import { Tags } from "@/parts/Tags";
import { noneOf, unitSaid } from "./said";
import type { Value } from "./yaml";
import css from "./Rule.module.css";

interface Props {
  id: string;
  of: ConfigKey;
  value: Value;
  whyNot: string | undefined;
  wrong: boolean;
  set: (value: Value) => void;
}

export function Field(props: Props) {
  if (props.whyNot === undefined) return <Kind {...props} />;
  return (
    <Tooltip label={props.whyNot}>
      <div>
        <Kind {...props} />
      </div>
    </Tooltip>
  );
}

function Kind(props: Props) {
  const { t } = useTranslation();
  const { id, of: key, value, whyNot, wrong, set } = props;
  const common = {
    id,
    disabled: whyNot !== undefined,
    error: wrong,
    "aria-describedby": `${id}-meaning`,
  };
  if (key.type === "boolean")
    return (
      <Switch
        {...common}
        size="xs"
        withThumbIndicator={false}
        checked={value === true}
        onChange={(event) => set(event.currentTarget.checked)}
      />
    );
  if (key.choices)
    return (
      <Select
        {...common}
        w={148}
        data={key.choices}
        value={value === null ? null : String(value)}
        onChange={(next) => set(next)}
      />
    );
  if (key.type === "integer" || key.type === "number") return <NumberField {...props} common={common} />;
  if (key.type === "list")
    return (
      <Tags
        {...common}
        placeholder={t(key.secret ? "rule.addAddress" : "rule.addCard")}
        value={Array.isArray(value) ? value.map(String) : []}
        onChange={(next) => set(next)}
      />
    );
  return <TextField {...props} common={common} />;
}

interface Common {
  id: string;
  disabled: boolean;
  error: boolean;
  "aria-describedby": string;
}

/** What is typed stays as it is typed until it is left: an empty field is on its way to a number. What is wrong is
 * taken as it is and told as wrong: without its sign or its point it would be another number. */
function NumberField({ of: key, value, set, common }: Props & { common: Common }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<string | number | null>(null);
  const meant = typeof value === "number" ? value : "";
  // A text where it is none yet, or is written in its own way ("05", "10.0").
  const isUnfinished = typed !== null && (typed === "" ? !key.null : Number.isNaN(Number(typed)));
  const unit = unitSaid(key.key, t);
  return (
    <NumberInput
      {...common}
      className={css.number}
      classNames={{ input: `gl-input ${css.numberInput}`, section: css.unit }}
      hideControls
      clampBehavior="none"
      placeholder={key.null ? noneOf(key.key, t) : undefined}
      error={isUnfinished ? t("rule.needsNumber") : common.error}
      rightSection={unit && (typed ?? meant) !== "" ? unit : null}
      rightSectionWidth={unit.length > 2 ? 46 : 32}
      rightSectionPointerEvents="none"
      value={typed ?? meant}
      onChange={(next) => {
        setTyped(next);
        if (next === "") {
          if (key.null) set(null);
        } else if (!Number.isNaN(Number(next))) set(Number(next));
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

function TextField({ of: key, value, set, common }: Props & { common: Common }) {
  const { t } = useTranslation();
  return (
    <TextInput
      {...common}
      className={css.wideInput}
      classNames={{ input: "gl-input mono" }}
      placeholder={key.null ? noneOf(key.key, t) : undefined}
      value={value === null ? "" : String(value)}
      onChange={({ currentTarget }) =>
        set(currentTarget.value === "" && key.null ? null : currentTarget.value)
      }
    />
  );
}
