import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode, RefObject } from "react";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { toBytes } from "../../ui/words.ts";
import styles from "./attachment-chips.module.css";
import type { Attachment } from "./attachments.ts";

interface AttachmentChipsProps {
  files: readonly Attachment[];
  refused: readonly string[];
  /** Takes the focus when a chip goes away. */
  next: RefObject<HTMLElement | null>;
  onRemove(name: string): void;
}

/** The files that go with the message, how many and how large they are, and which were not taken. */
export function AttachmentChips({ files, refused, next, onRemove }: AttachmentChipsProps): ReactNode {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return (
    <>
      {files.length === 0 ? null : (
        <ul className={styles.chips} aria-label="Files that go with the message">
          {files.map((file) => (
            <li key={file.name} className={styles.chip}>
              <span className={styles.name}>{showHidden(file.name)}</span>
              <span className={styles.size}>{toBytes(file.bytes)}</span>
              <LeavingButton
                next={next}
                aria-label={`Remove ${showHidden(file.name)}`}
                onClick={() => onRemove(file.name)}
              >
                ×
              </LeavingButton>
            </li>
          ))}
          {files.length < 2 ? null : (
            <li className={styles.size}>
              {files.length} files, {toBytes(bytes)}
            </li>
          )}
        </ul>
      )}
      {refused.length === 0 ? null : (
        <p className={styles.refused} role="alert">
          Not attached: {showHidden(refused.join("; "))}
        </p>
      )}
    </>
  );
}
