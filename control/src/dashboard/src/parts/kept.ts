/** What this browser keeps of the page. */

/** null: nothing any more. Whether it could be kept: a browser may refuse, or be full; the page goes on then. */
export function keep(key: string, value: string | null): boolean {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
