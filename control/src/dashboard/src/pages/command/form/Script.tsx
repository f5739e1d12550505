/** A task's commands, coloured. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Annotation, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { base } from "@/parts/editor/look";
import { Misread } from "../model/fields";
import { shellInk } from "../text/ink";
import { smallest } from "../text/smallest";
import css from "./Form.module.css";
import { useTyped } from "./useTyped";

const fromElsewhere = Annotation.define<boolean>();

interface Props {
  label: string;
  now: string;
  commit: (commands: string) => Promise<unknown>;
  readOnly: boolean;
}

function read(typed: string): string {
  if (!typed.trim()) throw new Misread("commands");
  return typed;
}

export default function Script({ label, now, commit, readOnly }: Props) {
  const { t } = useTranslation();
  const typed = useTyped({ now, read, commit, bad: t("command.commandsEmpty") });
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(typed);
  useEffect(() => {
    latest.current = typed;
  });
  const { text } = typed;

  useEffect(() => {
    if (!box.current) return;
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
          EditorView.lineWrapping,
          shellInk(),
          history(),
          drawSelection(),
          keymap.of([...historyKeymap, ...defaultKeymap]),
          base,
          EditorView.domEventHandlers({ blur: () => latest.current.leave() }),
          EditorView.updateListener.of(({ docChanged, state, transactions }) => {
            if (docChanged && !transactions.some((each) => each.annotation(fromElsewhere)))
              latest.current.type(state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [label, readOnly]);

  useEffect(() => {
    const shown = view.current?.state.doc.toString();
    if (shown === undefined || shown === text) return;
    view.current?.dispatch({ changes: smallest(shown, text), annotations: fromElsewhere.of(true) });
  }, [text]);

  return (
    <>
      <div ref={box} className={css.script} />
      {typed.error && (
        <div role="alert" className={css.error}>
          {typed.error}
        </div>
      )}
    </>
  );
}
