/** The edge at the left that joins the lines of a block. */
import { gutter, GutterMarker } from "@codemirror/view";
import type { Extension } from "@codemirror/state";
import type { Anatomy } from "../model/lines";
import type { StateField } from "@codemirror/state";

class Edge extends GutterMarker {
  override elementClass = "gl-edge";
}
const EDGE = new Edge();

export function edges(field: StateField<Anatomy>): Extension {
  return gutter({
    class: "gl-blocks",
    lineMarker: (view, { from }) => {
      const number = view.state.doc.lineAt(from).number - 1;
      return inBlock(view.state.field(field).blocks, number) ? EDGE : null;
    },
    lineMarkerChange: ({ docChanged }) => docChanged,
  });
}

export function inBlock(blocks: readonly [number, number][], line: number): boolean {
  const at = firstEndingFrom(blocks, line);
  return (blocks[at]?.[0] ?? Infinity) <= line;
}

/** The first block that ends at this line or behind it. */
export function firstEndingFrom(blocks: readonly [number, number][], line: number): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle]?.[1] ?? 0) < line) low = middle + 1;
    else high = middle;
  }
  return low;
}
