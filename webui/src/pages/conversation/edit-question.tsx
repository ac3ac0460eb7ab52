import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { sizeHint } from "./attachments.ts";
import styles from "./edit-question.module.css";
import { useFork } from "./use-fork.ts";

interface EditQuestionProps {
  runId: string;
  question: string;
  onClose(): void;
}

/** A message of before, to be sent again with other words or the same; what came of it stays. */
export function EditQuestion({ runId, question, onClose }: EditQuestionProps): ReactNode {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(question);
  const { send, sending, problem } = useFork(runId);
  const hint = sizeHint(text);
  const able = text.trim() !== "" && hint === null && !sending;
  useEffect(() => field.current?.focus(), []);
  const submit = async (): Promise<void> => {
    if (able) await send(text);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, its keys are its own.
    if (event.nativeEvent.isComposing) return;
    // What was sent can no longer be taken back.
    if (event.key === "Escape" && !sending) onClose();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    void submit();
  };
  return (
    <form
      className={styles.edit}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {problem === undefined ? null : <ProblemNote what="The message was not sent again." problem={problem} />}
      <textarea
        ref={field}
        aria-label="Edit the message"
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onKeyDown}
      />
      <p className={styles.row}>
        <span className={styles.hint}>
          {hint ??
            "The conversation goes on from here with what you send; what came of the message before stays beside it."}
        </span>
        <button type="button" aria-disabled={sending} onClick={() => sending || onClose()}>
          Cancel
        </button>
        <button type="submit" aria-disabled={!able}>
          {sending ? "Sending…" : "Send again"}
        </button>
      </p>
    </form>
  );
}
