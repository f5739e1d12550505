/** The settings as a text: colours, faults where they stand, and the keys as one types. */
import { autocompletion, type CompletionContext } from "@codemirror/autocomplete";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useEffectEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { ConfigKey } from "@/api/types";
import { lock, setup } from "@/parts/editor/setup";
import type { FaultHere } from "./faults";
import { faultSaid, meaningOf } from "./said";
import css from "./Editor.module.css";

interface Props {
  text: string;
  edit: (text: string) => void;
  faults: readonly FaultHere[];
  keys: readonly ConfigKey[];
  readOnly: boolean;
  said: string;
  /** A line to show; null: none, or it is shown. */
  line: number | null;
  shown: () => void;
}

const colours = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--gl-running)" },
  { tag: [tags.string, tags.content, tags.attributeValue], color: "var(--gl-completed)" },
  { tag: tags.comment, color: "var(--gl-t3)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--gl-t2)" },
]);

// Of a text that is read in steps the parser loses the comments where one step ends, so that whole lines of
// them are found by themselves.
const comment = new MatchDecorator({
  regexp: /^\s*#.*/gm,
  decoration: Decoration.mark({ class: "gl-comment" }),
});
const comments = ViewPlugin.define(
  (view) => ({
    marks: comment.createDeco(view),
    update(update: ViewUpdate) {
      this.marks = comment.updateDeco(update, this.marks);
    },
  }),
  { decorations: ({ marks }) => marks },
);

export default function Editor({ text, edit, faults, keys, readOnly, said, line, shown }: Props) {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const fixed = useRef(new Compartment());
  const typed = useEffectEvent(edit);
  const complete = useEffectEvent((context: CompletionContext) => {
    const before = context.matchBefore(/^\s*[\w.]*/);
    if (!before || (!before.text.trim() && !context.explicit)) return null;
    const inner = /^\s/.test(before.text);
    const from = before.from + (before.text.length - before.text.trimStart().length);
    const options = keys
      .filter(({ key }) => key.includes(".") === inner)
      .map((key) => ({
        label: key.key.split(".").pop() ?? key.key,
        info: meaningOf(key, t),
        apply: `${key.key.split(".").pop() ?? key.key}: `,
      }));
    return { from, options };
  });
  const start = useEffectEvent((parent: HTMLElement) => {
    const made = new EditorView({
      parent,
      doc: text,
      extensions: [
        lintGutter(),
        ...setup(said),
        yaml(),
        syntaxHighlighting(colours),
        comments,
        autocompletion({ override: [complete] }),
        fixed.current.of(lock(readOnly)),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) typed(update.state.doc.toString());
        }),
      ],
    });
    view.current = made;
    return made;
  });
  useEffect(() => {
    if (!place.current) return;
    const made = start(place.current);
    return () => {
      made.destroy();
      view.current = null;
    };
  }, []);
  useEffect(() => {
    const made = view.current;
    // What was put back, or taken from elsewhere; one's own typing is there already.
    if (made && made.state.doc.toString() !== text)
      made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: text } });
  }, [text]);
  useEffect(() => {
    view.current?.dispatch({ effects: fixed.current.reconfigure(lock(readOnly)) });
  }, [readOnly]);
  useEffect(() => {
    const made = view.current;
    if (!made) return;
    const last = made.state.doc.length;
    const told = faults.map((fault) => ({
      from: Math.min(fault.from, last),
      to: Math.min(fault.to, last),
      severity: "error" as const,
      message: faultSaid(fault, t),
    }));
    made.dispatch(setDiagnostics(made.state, told));
  }, [faults, text, t]);
  const done = useEffectEvent(shown);
  useEffect(() => {
    const made = view.current;
    if (!made || line === null) return;
    const anchor = made.state.doc.line(Math.min(Math.max(1, line), made.state.doc.lines)).from;
    made.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    made.focus();
    done();
  }, [line]);
  return <div ref={place} className={css.editor} />;
}
