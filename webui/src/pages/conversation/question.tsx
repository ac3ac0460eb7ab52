import type { RunSummaryFragment } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useRef, useState } from "react";
import { Link } from "wouter";
import { runChatPath } from "../../place.ts";
import { toClock } from "../../ui/words.ts";
import { EditQuestion } from "./edit-question.tsx";
import styles from "./question.module.css";

interface QuestionProps {
  run: RunSummaryFragment;
  text: string;
  /** Ids of the runs that stand in one place of a conversation, this one among them, oldest first. */
  versions: readonly string[];
}

/** What was asked, the other versions of it, and a way to ask it otherwise. */
export function Question({ run, text, versions }: QuestionProps): ReactNode {
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setEditing(false);
    // It stands there again afterwards.
    queueMicrotask(() => button.current?.focus());
  };
  return (
    <div className={styles.question} data-editing={editing}>
      <p className={styles.who}>
        You <time dateTime={run.createdAt}>{toClock(run.createdAt)}</time>
        <Versions runId={run.id} versions={versions} />
        {text === "" || editing ? null : (
          <button ref={button} type="button" className={styles.edit} onClick={() => setEditing(true)}>
            Edit
          </button>
        )}
      </p>
      {editing ? (
        <EditQuestion runId={run.id} question={text} onClose={close} />
      ) : (
        <p className={styles.asked}>{showHidden(text)}</p>
      )}
    </div>
  );
}

function Versions({ runId, versions }: { runId: string; versions: readonly string[] }): ReactNode {
  const at = versions.indexOf(runId);
  if (versions.length < 2 || at < 0) return null;
  const [before, after] = [versions[at - 1], versions[at + 1]];
  return (
    <span className={styles.versions}>
      {before === undefined ? null : (
        <Link href={runChatPath(before)} aria-label="The version before">
          ‹
        </Link>
      )}
      version {at + 1} of {versions.length}
      {after === undefined ? null : (
        <Link href={runChatPath(after)} aria-label="The version after">
          ›
        </Link>
      )}
    </span>
  );
}
