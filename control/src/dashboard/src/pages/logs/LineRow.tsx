/** One row of a log. What programs wrote is shown as text, whatever it is. */
import { Tooltip } from "@mantine/core";
import { IconRotate2 } from "@tabler/icons-react";
import { memo } from "react";
import type { TFunction } from "i18next";
import type { LogMatch } from "@/api/types";
import { count } from "@/format/size";
import { absolute, clockSeconds } from "@/format/time";
import { caret } from "./ansi";
import { marked, rangesIn, type Marked } from "./highlight";
import { isHead, type Line } from "./lines";
import type { Sought } from "./search";
import css from "./Lines.module.css";

export interface Seeking {
  readonly sought: Sought | null;
  readonly matches: readonly LogMatch[];
  readonly current: LogMatch | undefined;
}

/** What stands before the commands that a log's head quotes. */
const COMMAND = "#   ";

interface Props {
  line: Line;
  number: number | null;
  seeking: Seeking;
  hasTimes: boolean;
  isChosen: boolean;
  choose: (byte: number) => void;
  /** Handed down: hundreds of rows are drawn a second. */
  t: TFunction;
}

export const LineRow = memo(function LineRow(props: Props) {
  const { line, number, seeking, hasTimes, isChosen, choose, t } = props;
  const isOwn = isHead(line);
  const link = number === null ? t("logs.link") : t("logs.linkTo", { number });
  return (
    <div
      className={css.row}
      data-error={(line.isError && !isOwn) || undefined}
      data-chosen={isChosen || undefined}
      data-own={isOwn ? (line.text.startsWith(COMMAND) ? "command" : "fact") : undefined}
    >
      <button
        type="button"
        // Thousands of them are no stops on the way through the page.
        tabIndex={-1}
        className={`plain ${css.number}`}
        aria-label={link}
        onClick={() => choose(line.from)}
      >
        {line.starts ? (number ?? "·") : ""}
      </button>
      {hasTimes && (
        <span className={css.time} title={line.came === null ? undefined : absolute(line.came)}>
          {line.came !== null && line.starts && clockSeconds(line.came)}
        </span>
      )}
      <span className={css.text}>
        {line.over > 0 && (
          <Tooltip label={t("logs.over", { count: line.over })}>
            <span className={css.over}>
              <IconRotate2 size={12} stroke={1.75} aria-hidden /> {count(line.over)}{" "}
            </span>
          </Tooltip>
        )}
        {piecesOf(line, seeking).map((piece) => (
          <Text key={piece.at} piece={piece} />
        ))}
      </span>
    </div>
  );
});

function piecesOf(line: Line, { sought, matches, current }: Seeking): Marked[] {
  if (!sought || !matches.length) return marked(line, []);
  const places = sought.errors || sought.regex ? within(matches, line) : [];
  const isHere = current && current.from >= line.from && current.from < line.to;
  return marked(line, rangesIn(line, sought, places, isHere ? current : undefined));
}

/** Those that begin in a line; they are in order. */
function within(matches: readonly LogMatch[], line: Line): LogMatch[] {
  let [low, high] = [0, matches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((matches[middle]?.from ?? Infinity) < line.from) low = middle + 1;
    else high = middle;
  }
  const found: LogMatch[] = [];
  for (let at = low; (matches[at]?.from ?? Infinity) < line.to; at += 1) {
    const match = matches[at];
    if (match) found.push(match);
  }
  return found;
}

function Text({ piece }: { piece: Marked }) {
  const { style, mark, isSymbol } = piece;
  const text = isSymbol ? caret(piece.text) : piece.text;
  const isPlain = !mark && !isSymbol && !style.colour && !style.bold && !style.dim && !style.underline;
  if (isPlain) return text;
  const classes = [
    isSymbol && css.symbol,
    style.bold && css.bold,
    style.dim && css.dim,
    style.underline && css.underline,
  ].filter(Boolean);
  const shared = { className: classes.join(" "), "data-colour": style.colour };
  return mark ? (
    <mark {...shared} data-current={mark === "current" || undefined}>
      {text}
    </mark>
  ) : (
    <span {...shared}>{text}</span>
  );
}
