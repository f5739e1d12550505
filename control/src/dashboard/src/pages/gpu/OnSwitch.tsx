/** A card on or off for us. Nothing is asked before, as off ends nothing. */
import { Switch, Tooltip } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, POST } from "@/api/client";
import { useWhyNot } from "@/api/identity";
import type { Card } from "@/api/types";
import { failed, said } from "@/parts/toast";
import css from "./OnSwitch.module.css";

/** Milliseconds until the cards are told again at the latest; then they are as they are told. */
const TOLD = 6_000;

/** `words`: with "On" or "Off" beside it. */
export function OnSwitch({ card, words }: { card: Card; words?: boolean }) {
  const { t } = useTranslation();
  const whyNot = useWhyNot();
  const isOn = card.off_since === null;
  /** What was asked for, until the card is told to be so. */
  const [wanted, setWanted] = useState<boolean | null>(null);
  if (wanted === isOn) setWanted(null);
  const shown = wanted ?? isOn;

  const told = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(told.current), []);

  const turn = async () => {
    const on = !shown;
    clearTimeout(told.current); // of an earlier wish
    setWanted(on);
    try {
      const path = { id: card.uuid };
      await ask(POST("/api/gpu/{id}", { params: { path }, body: { state: on ? "on" : "off" } }));
      said(t(on ? "gpu.turnedOn" : "gpu.turnedOff", { index: card.index }));
      told.current = setTimeout(() => setWanted(null), TOLD);
    } catch (error) {
      setWanted(null);
      failed(error);
    }
  };

  return (
    <Tooltip label={whyNot ?? t(shown ? "gpu.turnOff" : "gpu.turnOn")}>
      <label className={css.switch}>
        {words && (
          <span className="t3" aria-hidden>
            {t(shown ? "gpu.on" : "gpu.offWord")}
          </span>
        )}
        <Switch
          className={css.root}
          checked={shown}
          aria-label={t("gpu.onForUs", { index: card.index })}
          aria-disabled={whyNot ? true : undefined}
          aria-description={whyNot}
          withThumbIndicator={false}
          onChange={() => {
            if (!whyNot && wanted === null) void turn();
          }}
        />
      </label>
    </Tooltip>
  );
}
