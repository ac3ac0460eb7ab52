import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { type Extension, Prec } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { graphql } from "cm6-graphql";
import type { GraphQLSchema } from "graphql";

/** Colours are the page's own, which reach into the editor as custom properties. */
const THEME = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--bg)", fontSize: "var(--size-s)" },
  // The frame around it shows the focus.
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.125rem" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { color: "var(--faint)", backgroundColor: "var(--panel)", borderRight: "1px solid var(--hairline)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--raised)", outline: "1px solid var(--control)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--raised)" },
  ".cm-tooltip": {
    border: "1px solid var(--control)",
    borderRadius: "var(--radius)",
    color: "var(--text)",
    backgroundColor: "var(--panel)",
  },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { color: "var(--bg)", background: "var(--accent)" },
  ".cm-completionDetail": { color: "inherit", fontStyle: "normal" },
  ".cm-completionInfo": { maxWidth: "20rem", fontFamily: "var(--sans)" },
  ".cm-diagnostic": { padding: "0.25rem 0.5rem", borderLeft: "3px solid var(--failed)" },
});

const COLOURS = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.keyword, tags.definitionKeyword, tags.modifier], color: "var(--denied)" },
    { tag: [tags.string, tags.bool, tags.null, tags.number, tags.integer, tags.float], color: "var(--succeeded)" },
    { tag: [tags.propertyName, tags.attributeName], color: "var(--accent)" },
    { tag: tags.variableName, color: "var(--attention)" },
    { tag: [tags.comment, tags.lineComment, tags.punctuation], color: "var(--muted)" },
  ]),
);

const BASE: Extension = [
  THEME,
  COLOURS,
  lineNumbers(),
  history(),
  bracketMatching(),
  closeBrackets(),
  autocompletion(),
  highlightActiveLine(),
  EditorView.lineWrapping,
  // Tab is left alone: it leads on through the page, as everywhere.
  keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
];

/** Ctrl Enter, or ⌘ Enter, in any editor. */
function runKey(run: () => void): Extension {
  const act = (): boolean => {
    run();
    return true;
  };
  return Prec.highest(keymap.of([{ key: "Mod-Enter", run: act }]));
}

/** For a document: it completes and checks what is written, once the schema is known. */
export function queryEditor(schema: GraphQLSchema | undefined, run: () => void): Extension {
  return [runKey(run), BASE, graphql(schema)];
}

/** For variables. */
export function variablesEditor(run: () => void): Extension {
  return [runKey(run), BASE, json(), linter((view) => (isBlank(view) ? [] : jsonParseLinter()(view)))];
}

function isBlank({ state }: EditorView): boolean {
  return state.doc.toString().trim() === "";
}

/** For what is answered. */
export const ANSWER_VIEWER: Extension = [THEME, COLOURS, json(), EditorView.lineWrapping, keymap.of(defaultKeymap)];
