/** Chinese has a space around Latin words. */

/** A name that may be either, for the middle of a Chinese sentence: " chen ", "你". */
export function apart(name: string): string {
  const before = /^[!-~]/.test(name) ? " " : "";
  const after = /[!-~]$/.test(name) ? " " : "";
  return `${before}${name}${after}`;
}
