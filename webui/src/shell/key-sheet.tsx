import type { ReactNode } from "react";
import { Dialog } from "../ui/dialog.tsx";
import { pageKeys } from "../ui/page-keys.ts";
import styles from "./key-sheet.module.css";
import { KEYS } from "./keys.ts";

/** The keys, for those who ask with `?`. */
export function KeySheet({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog label="Keys" onClose={onClose}>
      <div className={styles.head}>
        <h2 className={styles.title}>Keys</h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <dl className={styles.keys}>
        {[...KEYS, ...pageKeys()].map(({ keys, what }) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
