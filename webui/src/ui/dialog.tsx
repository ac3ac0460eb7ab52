import { type ReactNode, useLayoutEffect, useRef } from "react";
import styles from "./dialog.module.css";

interface DialogProps {
  /** What it is called for those who listen. */
  label: string;
  onClose(): void;
  children: ReactNode;
}

/**
 * Over the page while it is mounted; Escape and a press beside it close it, and the focus goes back to where it was.
 */
export function Dialog({ label, onClose, children }: DialogProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const newest = useRef(onClose);
  useLayoutEffect(() => {
    newest.current = onClose;
  });
  // While it is still on the page: a dialog that is gone cannot give the focus back.
  useLayoutEffect(() => {
    const mine = dialog.current;
    if (mine === null) return;
    const stay = (): void => {
      if (mine.isConnected && !mine.open) mine.showModal();
    };
    // Of two presses of Escape the browser lets the second close it, whatever is said to the first.
    const hear = (): void => {
      if (mine.open) return;
      newest.current();
      setTimeout(stay);
    };
    mine.showModal();
    mine.addEventListener("close", hear);
    return () => {
      mine.removeEventListener("close", hear);
      mine.close();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does for keys what the press beside it does
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-label={label}
      onCancel={(event) => {
        // Whoever has it open decides.
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className={styles.body}>{children}</div>
    </dialog>
  );
}
