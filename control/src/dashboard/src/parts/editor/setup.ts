/** What every editor of a whole file has: lines, search, keys, its look. */
import { closeCompletion, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { base, page } from "./look";

/** `label`: for who can't see it. */
export function setup(label: string): Extension[] {
  return [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    search({ top: true }),
    highlightSelectionMatches(),
    keymap.of([
      // Escape closes what is open here before it closes what is open around. Tab stays with the page: who
      // can't use a mouse has to come out again.
      { key: "Escape", run: (view) => completionStatus(view.state) !== null && closeCompletion(view) },
      ...completionKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...lintKeymap,
      ...defaultKeymap,
    ]),
    // Reached with Tab also where it is only read, to be scrolled.
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
    page,
    base,
  ];
}

export function lock(readOnly: boolean): Extension {
  return [EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)];
}
