/** What the bars mean, how much time is shown, and back to now. */
import { Button, SegmentedControl, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Viewed } from "./useView";
import { SPANS } from "./view";
import css from "./Timeline.module.css";

const NAMES = ["h2", "h8", "h24", "d7"] as const;

interface Props {
  viewed: Viewed;
  /** null: both sets are shown. */
  lanes: string | null;
  choose: (lanes: string) => void;
}

export function Head({ viewed, lanes, choose }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <Legend />
      {lanes !== null && (
        <SegmentedControl
          className={css.spans}
          aria-label={t("timeline.shown")}
          value={lanes}
          onChange={choose}
          data={[
            { value: "gpu", label: t("timeline.gpus") },
            { value: "queue", label: t("timeline.queues") },
          ]}
        />
      )}
      <SegmentedControl
        aria-label={t("timeline.spans")}
        value={String(viewed.view.span)}
        onChange={(span) => {
          viewed.choose(Number(span));
        }}
        data={SPANS.map((span, at) => ({ value: String(span), label: t(`timeline.${NAMES[at] ?? "h8"}`) }))}
        className={css.spans}
      />
      <Tooltip label={t("timeline.nowEffect")}>
        <Button onClick={viewed.follow} className={css.nowButton}>
          {t("timeline.now")}
        </Button>
      </Tooltip>
    </>
  );
}

function Legend() {
  const { t } = useTranslation();
  const parts = [
    ["completed", t("counted.completed")],
    ["running", t("counted.running")],
    ["failed", t("counted.failed")],
    ["people", t("timeline.otherUse")],
    ["lease", t("timeline.otherLeases")],
    ["estimate", t("timeline.estimate")],
  ] as const;
  return (
    <ul className={`t2 ${css.legend}`} aria-label={t("timeline.legend")}>
      {parts.map(([look, word]) => (
        <li key={look}>
          <span className={css.swatch} data-look={look} />
          {word}
        </li>
      ))}
    </ul>
  );
}
