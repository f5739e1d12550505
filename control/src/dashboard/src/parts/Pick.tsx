/** A filter that says what it is and what is chosen: "Last 7 days". Its choices can be searched where they are
 * many. */
import { Button, Combobox, useCombobox } from "@mantine/core";
import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import css from "./Pick.module.css";

export interface Choice {
  value: string;
  label: string;
  icon?: ReactNode;
  /** What tells it from others of the same name. */
  second?: string;
}

interface Props {
  label: string;
  value: string;
  choices: readonly Choice[];
  choose: (value: string) => void;
}

const SEARCHED_FROM = 9;

export function Pick({ label, value, choices, choose }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const isSearched = choices.length >= SEARCHED_FROM;
  const box = useCombobox({
    onDropdownClose: () => {
      setText("");
      box.resetSelectedOption();
      box.focusTarget();
    },
    onDropdownOpen: () => (isSearched ? box.focusSearchInput() : box.selectActiveOption()),
  });
  const wanted = text.trim().toLowerCase();
  const shown = choices.filter((one) => `${one.label} ${one.second ?? ""}`.toLowerCase().includes(wanted));
  const chosen = choices.find((one) => one.value === value);
  return (
    <Combobox
      store={box}
      width="max-content"
      position="bottom-end"
      onOptionSubmit={(one) => {
        choose(one);
        box.closeDropdown();
      }}
    >
      <Combobox.Target targetType="button" withAriaAttributes={!isSearched}>
        <Button
          className={css.target ?? ""}
          rightSection={<IconChevronDown size={14} stroke={1.75} />}
          onClick={() => box.toggleDropdown()}
          aria-haspopup="listbox"
          aria-expanded={box.dropdownOpened}
        >
          <span className="t3">{label}</span>&nbsp;
          <span className={css.chosen}>{chosen?.label ?? value}</span>
        </Button>
      </Combobox.Target>
      <Combobox.Dropdown>
        {isSearched && (
          <Combobox.Search
            value={text}
            aria-label={t("palette.find")}
            placeholder={t("palette.find")}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        <Combobox.Options mah={320} className={css.options ?? ""} aria-label={label}>
          {shown.map((one) => (
            <Combobox.Option key={one.value} value={one.value} active={one.value === value}>
              <span className={css.choice}>
                <IconCheck
                  size={14}
                  stroke={1.75}
                  className={one.value === value ? "" : css.hidden}
                  aria-hidden
                />
                {one.icon}
                <span>{one.label}</span>
                {one.second && <span className="t3">{one.second}</span>}
              </span>
            </Combobox.Option>
          ))}
          {!shown.length && <Combobox.Empty>{t("palette.nothing")}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
