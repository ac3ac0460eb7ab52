import { type KeyboardEvent, type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { Dialog } from "../ui/dialog.tsx";
import { chooseTheme } from "../ui/theme.tsx";
import { Facts, type WhoseProps } from "./facts.tsx";
import styles from "./palette.module.css";
import { type Entry, paletteEntries } from "./palette-entries.ts";

interface PaletteProps extends WhoseProps {
  onClose(): void;
  /** Asked for the sheet of keys instead. */
  onKeys(): void;
}

/** Everything the shell leads to, by typing: a combobox whose list is always open. */
export function Palette({ tenant, subject, onClose, onKeys }: PaletteProps): ReactNode {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [, navigate] = useLocation();
  const entries = paletteEntries(typed);
  const chosen = Math.min(at, entries.length - 1);
  const run = ({ does }: Entry): void => {
    if ("keys" in does) onKeys();
    else onClose();
    if ("go" in does) navigate(does.go);
    if ("theme" in does) chooseTheme(does.theme);
  };
  const hear = (event: KeyboardEvent): void => {
    // While an input method composes, its keys choose a word.
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const entry = entries[chosen];
    if (step !== undefined) setAt((chosen + step + entries.length) % entries.length);
    else if (event.key === "Enter" && entry !== undefined) run(entry);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Search or jump" onClose={onClose}>
      <Facts tenant={tenant} subject={subject} place="palette" />
      <input
        className={styles.field}
        role="combobox"
        aria-label="Room, run id or words of a run"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={`palette-${chosen}`}
        placeholder="Room, run id or words of a run"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={hear}
      />
      <div id="palette-list" className={styles.list} role="listbox" aria-label="What it leads to">
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field does it
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
          <div
            key={entry.words}
            id={`palette-${index}`}
            className={styles.entry}
            role="option"
            aria-selected={index === chosen}
            onClick={() => run(entry)}
          >
            <span>{entry.words}</span>
            {entry.hint === "" ? null : <kbd>{entry.hint}</kbd>}
          </div>
        ))}
      </div>
    </Dialog>
  );
}
