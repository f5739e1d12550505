/** The editor's look, from our tokens. */
import { EditorView } from "@codemirror/view";

const CIRCLE_X =
  "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23000' stroke-width='2'%3E%3Ccircle cx='12' cy='12' r='9'/%3E%3Cpath d='m10 10 4 4m0-4-4 4'/%3E%3C/svg%3E\")";
const MONO = "var(--mantine-font-family-monospace)";

export const base = EditorView.theme({
  "&": { color: "var(--gl-t1)", backgroundColor: "transparent", fontSize: "12.5px" },
  "&.cm-focused": { outline: "none" },
  // The caret says where the focus is.
  ".cm-content:focus-visible": { boxShadow: "none" },
  ".cm-scroller": { fontFamily: MONO, lineHeight: "20px", fontVariantLigatures: "none" },
  ".cm-content": { caretColor: "var(--gl-t1)" },
  ".cm-cursor": { borderLeftColor: "var(--gl-t1)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--gl-running) 28%, transparent)",
  },
});

export const page = EditorView.theme({
  "&": { height: "100%", containerType: "inline-size" },
  ".cm-scroller": { lineHeight: "22px" },
  ".cm-content": { padding: "8px 0 24px" },
  ".cm-line": { padding: "0 12px 0 8px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--gl-t3)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "30px", padding: "0 8px 0 2px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--gl-s1)" },
  ".cm-gutter-lint": { width: "20px" },
  ".cm-lint-marker": { width: "14px", height: "14px", margin: "4px 0 0 3px" },
  ".cm-lint-marker-error": {
    content: "none",
    backgroundColor: "var(--gl-failed)",
    mask: `${CIRCLE_X} center / contain no-repeat`,
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--gl-failed) 1px",
    textUnderlineOffset: "3px",
  },
  ".gl-blocks": { width: "3px", padding: "0" },
  ".gl-blocks .gl-edge": { backgroundColor: "var(--gl-bd2)" },
  // Padding, as the editor does not reckon with margins.
  ".gl-under": { padding: "2px 28px 2px 8px" },
  ".gl-fault": {
    display: "flex",
    gap: "4px 16px",
    flexWrap: "wrap",
    padding: "3px 10px",
    borderLeft: "2px solid var(--gl-failed)",
    background: "color-mix(in srgb, var(--gl-failed) calc(var(--gl-tint) * 1.4), var(--gl-s1))",
    fontFamily: "var(--mantine-font-family)",
    fontSize: "13px",
    whiteSpace: "normal",
  },
  // As wide as what is seen, and not as the longest line.
  ".gl-under .gl-fault": { maxWidth: "calc(100cqw - 110px)" },
  ".gl-fault > span": { flex: "1", minWidth: "160px" },
  ".gl-fault b": { color: "var(--gl-failed)", fontWeight: "500" },
  ".gl-fault button": {
    all: "unset",
    cursor: "pointer",
    borderBottom: "1px solid var(--gl-bd3)",
    lineHeight: "18px",
    alignSelf: "center",
  },
  ".cm-tooltip": {
    background: "var(--gl-s2)",
    border: "1px solid var(--gl-bd2)",
    borderRadius: "6px",
    boxShadow: "var(--mantine-shadow-md)",
    overflow: "hidden",
    color: "var(--gl-t1)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: MONO,
    fontSize: "12.5px",
    padding: "4px",
    maxHeight: "14em",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "3px 8px",
    borderRadius: "4px",
    display: "flex",
    gap: "16px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--gl-s3)",
    color: "var(--gl-t1)",
  },
  ".cm-completionLabel": { minWidth: "84px" },
  ".cm-completionInfo": { maxWidth: "320px", padding: "6px 10px", fontFamily: "var(--mantine-font-family)" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--gl-running)" },
  ".cm-completionDetail": {
    margin: "0",
    fontStyle: "normal",
    fontFamily: "var(--mantine-font-family)",
    color: "var(--gl-t2)",
  },
  ".cm-tooltip-lint": { fontFamily: "var(--mantine-font-family)", fontSize: "13px" },
  ".cm-diagnostic": { borderLeft: "none", padding: "6px 10px" },
  ".cm-panels": { backgroundColor: "var(--gl-s1)", color: "var(--gl-t1)", borderColor: "var(--gl-bd)" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button": {
    background: "var(--gl-inp)",
    color: "var(--gl-t1)",
    border: "1px solid var(--gl-bd3)",
    borderRadius: "4px",
  },
  ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--gl-waiting) 35%, transparent)" },
});
