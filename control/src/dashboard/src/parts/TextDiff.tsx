/** Two texts as one, with the lines that are gone and those that are new. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { diffLines, type DiffLine } from "./diffLines";
import css from "./TextDiff.module.css";

export function TextDiff({ before, after, said }: { before: string; after: string; said: string }) {
  const { t } = useTranslation();
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  return (
    <div className={css.diff} role="region" aria-label={said} tabIndex={0}>
      <table className={css.lines}>
        <tbody>
          {lines.map((line, index) =>
            line.kind === "skipped" ? (
              <tr key={index} className={css.skipped}>
                <td colSpan={4}>{t("diff.unchanged", { count: line.count })}</td>
              </tr>
            ) : (
              <tr key={index} className={css[line.kind]}>
                <td className={css.number}>{"before" in line ? line.before : ""}</td>
                <td className={css.number}>{"after" in line ? line.after : ""}</td>
                <td className={css.sign}>
                  <Sign kind={line.kind} />
                </td>
                <td className={css.text}>{line.text}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function Sign({ kind }: { kind: DiffLine["kind"] }) {
  const { t } = useTranslation();
  if (kind === "same") return null;
  return (
    <>
      <span aria-hidden>{kind === "new" ? "+" : "−"}</span>
      <span className="hidden-words">{t(kind === "new" ? "diff.new" : "diff.gone")}</span>
    </>
  );
}
