/** The order of a table's rows, as it stands in the address: "free", or "-free" for the most first. Pure. */

export interface Sorted<By extends string> {
  by: By;
  most: boolean;
}

/** `all`: what there is to sort by; null: not by any of these. */
export function sortOf<By extends string>(said: string, all: readonly By[]): Sorted<By> | null {
  const by = all.find((one) => one === said.replace(/^-/, ""));
  return by === undefined ? null : { by, most: said.startsWith("-") };
}

/** What a click on a column's head makes of it: the most first, the least first, as it usually is. `usual`: the
 * order of an address that says none. */
export function nextSort(said: string, by: string, usual = ""): string {
  const now = said || usual;
  const next = now === `-${by}` ? by : now === by ? usual : `-${by}`;
  return next === usual ? "" : next;
}

/** What says nothing comes last either way; equal ones stay as they were. */
export function sorted<Row>(
  rows: readonly Row[],
  most: boolean,
  value: (row: Row) => number | null,
): readonly Row[] {
  return [...rows].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return most ? other - one : one - other;
  });
}
