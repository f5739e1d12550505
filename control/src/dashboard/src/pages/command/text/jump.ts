/** Where in the text something is to be shown: asked for by other parts, perhaps before the editor is there. */

export interface Place {
  line: number;
  column: number;
}

let wanted: Place | null = null;
let listener: ((place: Place) => void) | null = null;

export function jumpTo(line: number, column = 1): void {
  const place = { line: Math.max(1, line), column: Math.max(1, column) };
  if (listener) listener(place);
  else wanted = place;
}

/** The editor's. Answers how to stop. */
export function onJump(go: (place: Place) => void): () => void {
  listener = go;
  if (wanted) go(wanted);
  wanted = null;
  return () => {
    if (listener === go) listener = null;
  };
}
