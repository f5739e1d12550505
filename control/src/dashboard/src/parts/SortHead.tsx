/** The head of a column that a table can be sorted by: a button, and an arrow where it is. */
import { Table, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { nextSort, sortOf } from "./sorting";
import css from "./SortHead.module.css";

/** How a table is sorted; `usual`: as it is where the address says nothing. */
export interface Sorting {
  said: string;
  usual?: string;
  say: (sort: string) => void;
}

interface Props {
  by: string;
  label: string;
  sorting: Sorting;
  /** Right-aligned: the arrow stands before it. */
  isNumber?: boolean;
  className?: string | undefined;
  /** In a row of spans. */
  isSpan?: boolean;
  tip?: string;
  /** Its order is not that of what stands in the column. */
  isOther?: boolean;
}

export function SortHead({ by, label, sorting, isNumber, className, isSpan, tip, isOther }: Props) {
  const { said, usual, say } = sorting;
  const sort = sortOf(said || (usual ?? ""), [by]);
  const order = sort ? (isOther ? "other" : sort.most ? "descending" : "ascending") : "none";
  const classes = `${isNumber ? "number" : ""} ${className ?? ""}`.trim();
  const Icon = sort?.most ? IconChevronDown : IconChevronUp;
  const button = (
    <button
      type="button"
      className={`plain ${css.sort}`}
      data-after={!isNumber || undefined}
      onClick={() => say(nextSort(said, by, usual))}
    >
      {sort && <Icon size={12} stroke={1.75} aria-hidden />}
      <span className="cut">{label}</span>
    </button>
  );
  const told = tip ? <Tooltip label={tip}>{button}</Tooltip> : button;
  return isSpan ? (
    <span role="columnheader" className={classes} aria-sort={order}>
      {told}
    </span>
  ) : (
    <Table.Th className={classes} aria-sort={order}>
      {told}
    </Table.Th>
  );
}
