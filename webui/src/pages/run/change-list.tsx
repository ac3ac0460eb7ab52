import type { StateChangeOp } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { LongText } from "../../run-parts/long-text.tsx";
import { toReadable } from "../../run-parts/readable-json.ts";
import { toCount } from "../../ui/words.ts";
import { toPlaceWords } from "./state-path.ts";
import styles from "./state-view.module.css";

export interface Change {
  op: StateChangeOp;
  path: string;
  before: unknown;
  after: unknown;
}

const OPS: Record<StateChangeOp, { sign: string; word: string }> = {
  ADD: { sign: "+", word: "added" },
  REMOVE: { sign: "−", word: "removed" },
  REPLACE: { sign: "~", word: "changed" },
};

/** What differs between two states, a place at a time: a word and a sign say how, and not colour alone. */
export function ChangeList({ changes }: { changes: readonly Change[] }): ReactNode {
  const counts = Object.entries(OPS)
    .map(([op, { word }]) => ({ word, count: changes.filter((change) => change.op === op).length }))
    .filter(({ count }) => count > 0);
  if (changes.length === 0) return <p className={styles.note}>Nothing differs between the two.</p>;
  return (
    <>
      <p className={styles.note}>{counts.map(({ word, count }) => `${toCount(count)} ${word}`).join(", ")}</p>
      <ul className={styles.changes} aria-label="Changes">
        {changes.map((change) => (
          <li key={change.path} data-op={change.op}>
            <p>
              <span className={styles.sign} aria-hidden="true">
                {OPS[change.op].sign}
              </span>{" "}
              <code>{showHidden(toPlaceWords(change.path)) || "(all)"}</code>{" "}
              <span className={styles.word}>{OPS[change.op].word}</span>
            </p>
            {change.op === "ADD" ? null : <Value name="before" value={change.before} path={change.path} />}
            {change.op === "REMOVE" ? null : <Value name="after" value={change.after} path={change.path} />}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Texts are read as they are, everything else as JSON. */
function Value({ name, value, path }: { name: "before" | "after"; value: unknown; path: string }): ReactNode {
  const text = typeof value === "string" && value !== "" ? value : toReadable(value);
  return (
    <div className={styles.value} data-side={name}>
      <LongText label={`${showHidden(toPlaceWords(path)) || "all"} ${name}`} text={text} />
    </div>
  );
}
