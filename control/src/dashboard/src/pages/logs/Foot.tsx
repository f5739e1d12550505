/** The foot of a log: how much it is, when it ended, and the keys. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { count, size as sized } from "@/format/size";
import { absolute, clockSeconds } from "@/format/time";
import type { Read } from "./reader";
import type { Segment } from "./segments";
import type { Whose } from "./whose";
import css from "./View.module.css";

export function Foot({ read, whose }: { read: Read; whose: Whose | null | undefined }) {
  const { t } = useTranslation();
  const lines = linesIn(read.segments.at(-1), read.size);
  const ended = whose?.attempt?.ended_at ?? null;
  const at = ended ?? read.mtime;
  return (
    <footer className={`t3 ${css.foot}`}>
      <span>
        {[
          lines === null ? null : t("logs.lines", { count: lines }).replace(String(lines), count(lines)),
          sized(read.size),
        ]
          .filter(Boolean)
          .join(t("lists.comma"))}
        {t("lists.comma")}
        <span title={absolute(at)}>
          {t(ended === null ? "logs.writtenAt" : "logs.endedAt", { at: clockSeconds(at) })}
        </span>
      </span>
      <span className={css.keys}>
        <Key keys={["F"]}>{t("logs.keys.follow")}</Key>
        <Key keys={["E"]}>{t("logs.keys.error")}</Key>
        <Key keys={["/"]}>{t("logs.keys.search")}</Key>
        <Key keys={["[", "]"]}>{t("logs.keys.attempt")}</Key>
      </span>
    </footer>
  );
}

function Key({ keys, children }: { keys: string[]; children: ReactNode }) {
  return (
    <span className={css.key}>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
      {children}
    </span>
  );
}

/** The number of the last line, where its end is read and somebody has counted. */
function linesIn(last: Segment | undefined, size: number): number | null {
  if (!last || last.first === null || last.to < size) return null;
  let lines = last.first;
  for (const line of last.lines.slice(1)) if (line.starts) lines += 1;
  return lines;
}
