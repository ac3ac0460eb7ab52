import { useEffect } from "react";
import { type Act, toAct } from "./keys.ts";

const FIELDS = "input, textarea, select, [contenteditable]";

/** Hears the keys of the shell, wherever the focus is; a dialog that is open has its own. */
export function useKeys(act: (what: Act) => void): void {
  useEffect(() => {
    let before = "";
    const hear = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || document.querySelector("dialog[open]") !== null) return;
      const isTyping = event.target instanceof Element && event.target.matches(FIELDS);
      const what = toAct(event, before, isTyping);
      before = isTyping ? "" : event.key;
      if (what === undefined) return;
      event.preventDefault();
      act(what);
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, [act]);
}
