/** Memory in GB of 1,024 MiB, with one decimal where there is one: "61.4", "64". */
export function gb(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
