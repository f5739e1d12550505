/** Blocks put into a text, with a blank line round them. Pure. */

/** Behind line `after` (from 1); without it at the end. */
export function withBlocks(text: string, blocks: string, after?: number): string {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(/\r?\n/);
  const at = after ?? lines.length;
  const before = trimmedEnd(lines.slice(0, at));
  const behind = trimmedStart(lines.slice(at));
  const pasted = trimmedStart(trimmedEnd(blocks.split(/\r?\n/)));
  const parts = [before, pasted, behind].filter((part) => part.length);
  const joined = parts.map((part) => part.join(end)).join(end + end);
  return joined.endsWith(end) ? joined : joined + end;
}

function trimmedEnd(lines: string[]): string[] {
  const last = lines.findLastIndex((line) => line.trim());
  return lines.slice(0, last + 1);
}

function trimmedStart(lines: string[]): string[] {
  const first = lines.findIndex((line) => line.trim());
  return first < 0 ? [] : lines.slice(first);
}
