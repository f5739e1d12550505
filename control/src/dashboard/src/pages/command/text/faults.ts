/** Faults in the editor: gutter marks, wavy lines, and under a line its sentence with the cure. */
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { StateEffect, StateField, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";
import type { Fault } from "@/api/types";
import { utf16, wordAt } from "../model/cures";

/** That are shown under their lines; the pane has them all. */
const MOST = 50;

export interface Cured {
  label: string;
  act: () => void;
}
export type CuresOf = (fault: Fault) => Cured[];

export function placeIn(doc: Text, line: number, column: number): number {
  const found = doc.line(Math.min(Math.max(1, line), doc.lines));
  const mark = found.number === 1 && found.text.startsWith("\ufeff") ? 1 : 0;
  return Math.min(found.to, found.from + mark + utf16(found.text.slice(mark), Math.max(0, column - 1)));
}

function range(doc: Text, fault: Fault): { from: number; to: number } {
  const from = placeIn(doc, fault.line, fault.column);
  const { to: end } = doc.lineAt(from);
  const word = wordAt(doc.sliceString(from, end), 0);
  return { from, to: Math.min(end, from + Math.max(1, word.length)) };
}

class Under extends WidgetType {
  constructor(
    readonly fault: Fault,
    readonly cures: CuresOf,
  ) {
    super();
  }
  override eq(other: Under): boolean {
    const [a, b] = [this.fault, other.fault];
    // Cures are of the text that they were found in.
    return (
      this.cures === other.cures &&
      a.problem === b.problem &&
      a.hint === b.hint &&
      a.line === b.line &&
      a.column === b.column
    );
  }
  toDOM(): HTMLElement {
    const box = document.createElement("div");
    box.className = "gl-fault";
    const said = document.createElement("span");
    const problem = document.createElement("b");
    problem.textContent = this.fault.problem;
    said.append(problem, this.fault.hint ? `; ${this.fault.hint}` : "");
    box.append(said);
    for (const { label, act } of this.cures(this.fault)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", act);
      box.append(button);
    }
    const whole = document.createElement("div");
    whole.className = "gl-under";
    whole.append(box);
    return whole;
  }
  override ignoreEvent(): boolean {
    return true;
  }
}

interface Told {
  faults: readonly Fault[];
  cures: CuresOf;
}
const tell = StateEffect.define<Told>();

interface Shown extends Told {
  /** The line that is being typed in: its sentence would be in the way. */
  typing: number | null;
  /** They are of the document as it stands. */
  fresh: boolean;
  under: DecorationSet;
}

const field = StateField.define<Shown>({
  create: () => ({ faults: [], cures: () => [], typing: null, fresh: true, under: Decoration.none }),
  update: (known, transaction) => {
    const { docChanged, newSelection, newDoc, effects } = transaction;
    const line = newDoc.lineAt(newSelection.main.head).number;
    const typed = docChanged && (transaction.isUserEvent("input") || transaction.isUserEvent("delete"));
    const typing = typed ? line : known.typing === line ? line : null;
    const told = effects.find((effect) => effect.is(tell))?.value;
    const fresh = told !== undefined || (known.fresh && !docChanged);
    const now = { ...known, ...told, typing, fresh };
    if (fresh && (told || typing !== known.typing)) return { ...now, under: drawn(newDoc, now, typing) };
    // Of an older text: they stay where they were drawn.
    return docChanged || typing !== known.typing
      ? { ...now, under: known.under.map(transaction.changes) }
      : known;
  },
  provide: (own) => EditorView.decorations.from(own, ({ under }) => under),
});

function drawn(doc: Text, { faults, cures }: Told, typing: number | null): DecorationSet {
  const widgets = faults
    .slice(0, MOST)
    .filter((fault) => fault.line > 0 && fault.line !== typing)
    .map((fault) => {
      const { to } = doc.lineAt(placeIn(doc, fault.line, 1));
      return Decoration.widget({ widget: new Under(fault, cures), block: true, side: 1 }).range(to);
    });
  return Decoration.set(widgets, true);
}

export function faultMarks(): Extension {
  return [field, lintGutter()];
}

/** `faults` of the text as it stands in the editor. */
export function showFaults(view: EditorView, faults: readonly Fault[], cures: CuresOf): void {
  const { doc } = view.state;
  const diagnostics: Diagnostic[] = faults
    .filter((fault) => fault.line > 0)
    .map((fault) => ({
      ...range(doc, fault),
      severity: "error",
      message: fault.hint ? `${fault.problem}; ${fault.hint}` : fault.problem,
    }));
  view.dispatch(setDiagnostics(view.state, diagnostics));
  view.dispatch({ effects: tell.of({ faults, cures }) });
}
