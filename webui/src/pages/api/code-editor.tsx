import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { type ReactNode, useEffect, useRef } from "react";
import { flushSync } from "react-dom";
import styles from "./code-editor.module.css";

interface CodeEditorProps {
  label: string;
  /**
   * What stands there at first. Another one later counts only where nobody types: what is typed comes back here late, when more has
   * been typed. A writer of another text gives the editor another `key`.
   */
  text: string;
  /** What it can do; another one takes the place of the one before. */
  extensions: Extension;
  /** Left out, it can only be read. */
  onType?: (text: string) => void;
}

/**
 * An editor in a shadow root of its own: there CodeMirror adopts its style sheets, which our policy allows. In the page itself it
 * would write them into an element, which the policy forbids.
 */
export function CodeEditor({ label, text, extensions, onType }: CodeEditorProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const changing = useRef(new Compartment());
  const told = useRef(onType);
  const first = useRef({ label, text, extensions, isReadOnly: onType === undefined });
  useEffect(() => {
    told.current = onType;
  });
  useEffect(() => {
    const { current } = host;
    if (current === null) return;
    const root = current.shadowRoot ?? current.attachShadow({ mode: "open" });
    const given = first.current;
    const editor = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: given.text,
        extensions: [
          changing.current.of(given.extensions),
          OWN_REPLACING,
          EditorState.readOnly.of(given.isReadOnly),
          // What can be written into takes the focus by itself; said as well, it is known that keys can scroll it.
          EditorView.contentAttributes.of({ "aria-label": given.label, tabindex: "0" }),
          EditorView.updateListener.of(({ docChanged, state }) => {
            // At once: the next key may ask what stands here.
            if (docChanged) flushSync(() => told.current?.(state.doc.toString()));
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: changing.current.reconfigure(extensions) });
  }, [extensions]);
  useEffect(() => {
    const { current } = view;
    if (current?.state.readOnly !== true || current.state.doc.toString() === text) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: text } });
  }, [text]);
  return <div ref={host} className={styles.host} data-editor={label} />;
}

/**
 * What is typed over a selection is put there by the editor: left alone, Chromium keeps the look of what was selected in a style
 * of its own, which the policy forbids and which it complains of each time.
 */
const OWN_REPLACING = EditorView.domEventHandlers({
  beforeinput({ inputType, data }, view) {
    const { from, to } = view.state.selection.main;
    if (inputType !== "insertText" || data === null || from === to || view.composing || view.state.readOnly)
      return false;
    const replace = () =>
      view.state.update(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    const isHandled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, data, replace));
    if (!isHandled) view.dispatch(replace());
    return true;
  },
});
