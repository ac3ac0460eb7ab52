import { type ReactNode, useMemo, useRef, useState } from "react";
import { toPlainOutput } from "../markdown/plain-text.ts";
import { LeavingButton } from "../ui/leaving-button.tsx";
import { ScrollPart } from "../ui/scroll-part.tsx";
import { toBytes } from "../ui/words.ts";
import styles from "./long-text.module.css";

/** More than this is not put on the page unasked: long outputs make every browser slow. */
const PREVIEW_CHARACTERS = 65_536;

/** What a program wrote, in a frame that scrolls. */
export function LongText({ label, text }: { label: string; text: string }): ReactNode {
  const [whole, setWhole] = useState(false);
  const frame = useRef<HTMLElement>(null);
  const cut = !whole && text.length > PREVIEW_CHARACTERS;
  const plain = useMemo(() => toPlainOutput(cut ? text.slice(0, PREVIEW_CHARACTERS) : text), [text, cut]);
  if (plain === "") return null;
  return (
    <>
      <ScrollPart as="figure" ref={frame} className={styles.text} label={label}>
        <pre>{plain}</pre>
      </ScrollPart>
      {cut ? (
        <p className={styles.note}>
          Showing the first {toBytes(PREVIEW_CHARACTERS)} of {toBytes(text.length)}.{" "}
          <LeavingButton next={frame} onClick={() => setWhole(true)}>
            Show all
          </LeavingButton>
        </p>
      ) : null}
    </>
  );
}
