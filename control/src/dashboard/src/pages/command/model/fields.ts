/** Values of a form's fields: from what is typed, and back. As app/command_file/values.py reads them. Pure. */

const UNITS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
const DURATION =
  /^(?:(\d{1,9}(?:\.\d+)?)d)?(?:(\d{1,9}(?:\.\d+)?)h)?(?:(\d{1,9}(?:\.\d+)?)m)?(?:(\d{1,9}(?:\.\d+)?)s)?$/i;
const MOST_SECONDS = 1_000_000_000;
const MOST_GB = 1_000_000;

export class Misread extends Error {}

/** Seconds of "90s", "1h30m"; null for nothing. Raises Misread. */
export function readDuration(typed: string): number | null {
  const text = typed.trim();
  if (!text) return null;
  const found = DURATION.exec(text);
  const seconds = found
    ? Object.values(UNITS).reduce((sum, unit, at) => sum + Number(found[at + 1] ?? 0) * unit, 0)
    : 0;
  if (seconds <= 0 || seconds > MOST_SECONDS) throw new Misread("duration");
  return seconds;
}

/** "2h30m" of 9000. */
export function durationText(seconds: number | null | undefined): string {
  if (seconds == null) return "";
  if (!Number.isInteger(seconds)) return `${seconds}s`;
  let left = seconds;
  let text = "";
  for (const [name, unit] of Object.entries(UNITS)) {
    const amount = Math.floor(left / unit);
    left %= unit;
    if (amount) text += `${amount}${name}`;
  }
  return text;
}

/** GB of "14", "7.5", "2048MB"; null for "all", the whole card. Raises Misread. */
export function readMemory(typed: string): number | null {
  const text = typed.trim();
  if (text.toLowerCase() === "all") return null;
  const found = /^(\d+(?:\.\d*)?|\.\d+)\s*(?:(G)i?B?|(M)i?B)?$/i.exec(text);
  const amount = Number(found?.[1]) / (found?.[3] ? 1024 : 1);
  if (!found || amount > MOST_GB) throw new Misread("memory");
  return amount;
}

export function memoryText(value: number | null): string {
  return value === null ? "all" : String(value);
}

/** A whole number from `least` on; null for nothing. Raises Misread. */
export function readWhole(typed: string, least = 0): number | null {
  const text = typed.trim();
  if (!text) return null;
  const value = /^-?\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least)) throw new Misread("whole");
  return value;
}

/** ["0", "1"] of "0, 1"; null for nothing. */
export function readList(typed: string): string[] | null {
  const parts = typed.split(/[\s,]+/).filter(Boolean);
  return parts.length ? parts : null;
}

/** NAME=value, one a line. Raises Misread. */
export function readEnv(typed: string): [string, string][] {
  const pairs = typed
    .split("\n")
    .filter((line) => line.trim())
    .map((line): [string, string] => {
      const found = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line);
      if (!found) throw new Misread("env");
      return [found[1] as string, found[2] as string];
    });
  return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
}

export function envText(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join("\n");
}
