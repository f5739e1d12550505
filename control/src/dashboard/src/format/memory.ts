/** GB of 1,024 MiB. */

/** As somebody has declared it, with a decimal where there is one: "64", "2.5". */
export function gb(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

/** As it was measured, or worked out from that: always with one decimal, so that it does not jump: "8.0". */
export function measuredGb(value: number): string {
  return value.toFixed(1);
}
