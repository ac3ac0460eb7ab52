import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { ScrollPart } from "../../ui/scroll-part.tsx";
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
    <ScrollPart as="aside" className={styles.inspector} label={title} onKeyDown={hear}>
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
    </ScrollPart>
  );
}
