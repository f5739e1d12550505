/** Colours of a command file in the editor, and the edge that joins the lines of a block. */
import { RangeSetBuilder, StateField, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { edges } from "./edges";
import { anatomy, spansOf, type Anatomy, type Ink } from "../model/lines";

const INKS: Record<Ink, Decoration> = {
  number: Decoration.mark({ class: "gl-ink-number" }),
  lane: Decoration.mark({ class: "gl-ink-lane" }),
  key: Decoration.mark({ class: "gl-ink-key" }),
  value: Decoration.mark({ class: "gl-ink-value" }),
  string: Decoration.mark({ class: "gl-ink-value" }),
  variable: Decoration.mark({ class: "gl-ink-lane" }),
  place: Decoration.mark({ class: "gl-ink-place" }),
  comment: Decoration.mark({ class: "gl-ink-comment" }),
};

const look = EditorView.theme({
  ".gl-ink-number": { color: "var(--gl-t1)", fontWeight: "700" },
  ".gl-ink-lane": { color: "var(--gl-held)" },
  ".gl-ink-key": { color: "var(--gl-running)" },
  ".gl-ink-value": { color: "var(--gl-completed)" },
  ".gl-ink-place": { color: "var(--gl-waiting)" },
  ".gl-ink-comment": { color: "var(--gl-t3)", fontStyle: "italic" },
  ":lang(zh-CN) & .gl-ink-comment": { fontStyle: "normal" },
});

function linesOf(doc: Text): string[] {
  const lines = doc.toString().split("\n");
  if (lines[0]?.startsWith("\ufeff")) lines[0] = lines[0].slice(1);
  return lines;
}

function whole(multi: boolean) {
  return StateField.define<Anatomy>({
    create: (state) => anatomy(linesOf(state.doc), multi),
    update: (known, { docChanged, newDoc }) => (docChanged ? anatomy(linesOf(newDoc), multi) : known),
  });
}

export function ink(multi: boolean): Extension {
  const field = whole(multi);
  const draw = (view: EditorView): DecorationSet => {
    const { roles } = view.state.field(field);
    const builder = new RangeSetBuilder<Decoration>();
    const doc = view.state.doc;
    for (const { from, to } of view.visibleRanges) {
      const last = doc.lineAt(to).number;
      for (let number = doc.lineAt(from).number; number <= last; number += 1) {
        const line = doc.line(number);
        for (const span of spansOf(line.text, roles[number - 1] ?? "blank"))
          if (span.to > span.from) builder.add(line.from + span.from, line.from + span.to, INKS[span.ink]);
      }
    }
    return builder.finish();
  };
  return [field, drawn(draw), edges(field), look];
}

/** Of commands alone, as a form has them. */
export function shellInk(): Extension {
  const marks = drawn((view) => {
    const builder = new RangeSetBuilder<Decoration>();
    for (const { from, to } of view.visibleRanges) {
      for (let at = from; at <= to;) {
        const line = view.state.doc.lineAt(at);
        for (const span of spansOf(line.text, /^\s*#/.test(line.text) ? "comment" : "command"))
          if (span.to > span.from) builder.add(line.from + span.from, line.from + span.to, INKS[span.ink]);
        at = line.to + 1;
      }
    }
    return builder.finish();
  });
  return [marks, look];
}

function drawn(draw: (view: EditorView) => DecorationSet): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = draw(view);
      }
      update(update: ViewUpdate) {
        if (update.docChanged || update.viewportChanged) this.decorations = draw(update.view);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}
