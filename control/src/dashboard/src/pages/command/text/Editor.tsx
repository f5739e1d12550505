/** The whole text in CodeMirror. What is typed goes out; what comes from elsewhere comes in as the smallest change. */
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { Fault } from "@/api/types";
import { lock, setup } from "@/parts/editor/setup";
import { completion, type Option } from "./complete";
import { faultMarks, placeIn, showFaults, type CuresOf } from "./faults";
import { ink } from "./ink";
import { onJump } from "./jump";
import { smallest } from "./smallest";
import css from "./Text.module.css";

const fromElsewhere = Annotation.define<boolean>();

export interface EditorProps {
  text: string;
  multi: boolean;
  readOnly: boolean;
  label: string;
  /** Of this very text; null: not known yet. */
  faults: readonly Fault[] | null;
  cures: CuresOf;
  about: (option: Option) => string;
  models: readonly string[];
  write: (text: string) => void;
  moved: (line: number, column: number) => void;
}

/** What is drawn under lines above it may push the line that is written out of sight. */
function keepingCaret(view: EditorView, draw: () => void): void {
  const { head } = view.state.selection.main;
  const caret = view.coordsAtPos(head);
  const { top, bottom } = view.scrollDOM.getBoundingClientRect();
  draw();
  if (view.hasFocus && caret && caret.top >= top && caret.bottom <= bottom)
    view.dispatch({ effects: EditorView.scrollIntoView(head, { y: "nearest", yMargin: 24 }) });
}

export default function Editor(props: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const locked = useRef(new Compartment());
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { text, multi, readOnly, label, faults, cures } = props;

  useEffect(() => {
    if (!box.current) return;
    const first = latest.current;
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: first.text,
        extensions: [
          locked.current.of(lock(first.readOnly)),
          first.text.includes("\r\n") && !/[^\r]\n/.test(first.text)
            ? EditorState.lineSeparator.of("\r\n")
            : [],
          ink(multi),
          completion(
            (option) => latest.current.about(option),
            () => latest.current.models,
          ),
          faultMarks(),
          ...setup(label),
          EditorView.updateListener.of((update) => {
            const { state, docChanged, selectionSet, transactions } = update;
            if (docChanged && !transactions.some((each) => each.annotation(fromElsewhere)))
              latest.current.write(state.sliceDoc());
            if (!docChanged && !selectionSet) return;
            const line = state.doc.lineAt(state.selection.main.head);
            latest.current.moved(line.number, state.selection.main.head - line.from + 1);
          }),
        ],
      }),
    });
    view.current = made;
    const stop = onJump(({ line, column }) => {
      const at = placeIn(made.state.doc, line, column);
      made.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      made.focus();
    });
    return () => {
      stop();
      made.destroy();
      view.current = null;
    };
  }, [multi, label]);

  useEffect(() => {
    const { current } = view;
    if (!current) return;
    const now = current.state.sliceDoc();
    if (now === text) return;
    const changes = smallest(now, text);
    // Offsets are the document's, where a line's end is one character.
    const clean = now.includes("\r\n") ? { from: 0, to: current.state.doc.length, insert: text } : changes;
    current.dispatch({ changes: clean, annotations: fromElsewhere.of(true) });
  }, [text]);

  useEffect(() => {
    view.current?.dispatch({ effects: locked.current.reconfigure(lock(readOnly)) });
  }, [readOnly]);

  useEffect(() => {
    const { current } = view;
    if (current && faults && current.state.doc.toString() === text.replace(/\r\n?/g, "\n"))
      keepingCaret(current, () => showFaults(current, faults, cures));
    // `cures` is another one at each drawing, and says the same of the same text.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [faults, text]);

  return <div ref={box} className={css.editor} />;
}
