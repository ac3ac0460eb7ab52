import { useEffect } from "react";
import { pageKeys } from "../ui/page-keys.ts";
import { type Act, toAct } from "./keys.ts";

/** What letters are typed into, or choose from. */
const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable]:not([contenteditable=false])";
/** The second key of a pair comes soon after the first. */
const PAIR_MS = 1_000;

/** Hears the keys of the shell, wherever the focus is; a dialog that is open has its own. */
export function useKeys(act: (what: Act) => void): void {
  useEffect(() => {
    let before = { key: "", at: 0 };
    const hear = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || document.querySelector("dialog[open]") !== null) return;
      const isTyping = isInField(event);
      const isPair = event.timeStamp - before.at < PAIR_MS;
      const what = toAct(event, { before: isPair ? before.key : "", isTyping, page: pageKeys() });
      before = { key: isTyping ? "" : event.key, at: event.timeStamp };
      if (what === undefined) return;
      event.preventDefault();
      act(what);
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, [act]);
}

/** Out here what was typed into a tree of its own, as an editor has one, seems to come from that tree's host. */
function isInField(event: KeyboardEvent): boolean {
  const [from] = event.composedPath();
  return from instanceof Element && from.closest(FIELDS) !== null;
}
