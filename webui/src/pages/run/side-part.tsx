import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import styles from "./inspector.module.css";

interface SidePartProps {
  /** What it is about, such as "Step 5". */
  title: string;
  /** Beside the title. */
  sign?: ReactNode;
  onClose(): void;
  children: ReactNode;
}

/**
 * Beside a list, what a line of it holds. Its heading takes the focus when it was opened from the list, and not when the
 * address named it; Escape closes it from anywhere in it.
 */
export function SidePart({ title, sign, onClose, children }: SidePartProps): ReactNode {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement?.matches("[role=tree], [data-node]")) head.current?.focus();
  }, []);
  const hear = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    onClose();
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard
    <aside className={styles.inspector} aria-label={title} tabIndex={0} onKeyDown={hear}>
      <div className={styles.head}>
        <h2 ref={head} tabIndex={-1}>
          {title}
        </h2>
        {sign}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {children}
    </aside>
  );
}
