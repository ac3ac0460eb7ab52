import { RenameSessionDocument } from "@soma/graphql/operations";
import { type ReactNode, useState } from "react";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";
import { toProblem } from "../../graphql/to-problem.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { type Problem, ProblemNote } from "../../ui/problem-note.tsx";
import styles from "./conversation-actions.module.css";
import { ExportDialog } from "./export-dialog.tsx";

interface ConversationActionsProps {
  sessionId: string;
  /** What people called it; empty when nobody has. */
  name: string;
  /** What it is called now. */
  title: string;
}

/** What can be done with a conversation as a whole. */
export function ConversationActions({ sessionId, name, title }: ConversationActionsProps): ReactNode {
  const [open, setOpen] = useState<"rename" | "export">();
  const close = (): void => setOpen(undefined);
  return (
    <div className={styles.actions}>
      <button type="button" onClick={() => setOpen("rename")}>
        Rename…
      </button>
      <button type="button" onClick={() => setOpen("export")}>
        Export…
      </button>
      {open === "rename" ? <RenameDialog sessionId={sessionId} name={name} title={title} onClose={close} /> : null}
      {open === "export" ? <ExportDialog sessionId={sessionId} title={title} onClose={close} /> : null}
    </div>
  );
}

type RenameDialogProps = ConversationActionsProps & { onClose(): void };

function RenameDialog({ sessionId, name, title, onClose }: RenameDialogProps): ReactNode {
  const renameSession = useMutation(RenameSessionDocument);
  const [text, setText] = useState(name);
  const [problem, setProblem] = useState<Problem>();
  const rename = async (): Promise<void> => {
    const { error } = await renameSession({ input: { sessionId, title: text, idempotencyKey: newIdempotencyKey() } });
    if (error === undefined) onClose();
    else setProblem(toProblem(error));
  };
  return (
    <Dialog label="Rename the conversation" onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <h2>Rename the conversation</h2>
        {problem === undefined ? null : <ProblemNote what="It was not renamed." problem={problem} />}
        <input
          aria-label="Name"
          placeholder={title}
          maxLength={200}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <p className={styles.note}>Without a name it is called by its first question.</p>
        <p className={styles.row}>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit">Rename</button>
        </p>
      </form>
    </Dialog>
  );
}
