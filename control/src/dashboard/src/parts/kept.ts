/** What this browser keeps of the page. */

/** What is kept under a key; null: nothing, or the browser refuses. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

let place = "";

/** Which console this is: through a tunnel many are had at one address, one after the other. */
export function setPlace(name: string): void {
  place = name;
}

/** The key for what is of this console alone. */
export function ofPlace(key: string): string {
  return place ? `${key} ${place}` : key;
}

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
