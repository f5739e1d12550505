/** Sizes of files in KB, MB, ... of 1,024: "820 B", "2.4 MB", "10 GB". */
const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${UNITS[unit] ?? ""}`;
}

/** "18,396". */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}
