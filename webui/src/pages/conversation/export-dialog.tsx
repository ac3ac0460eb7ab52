import { type ReactNode, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { problemOf } from "../../graphql/to-problem.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { download } from "../../ui/download.ts";
import { type Problem, ProblemNote } from "../../ui/problem-note.tsx";
import styles from "./conversation-actions.module.css";
import type { ExportFormat } from "./export-conversation.ts";

interface ExportDialogProps {
  sessionId: string;
  title: string;
  onClose(): void;
}

/** A conversation as a file, made here of what the API tells. */
export function ExportDialog({ sessionId, title, onClose }: ExportDialogProps): ReactNode {
  const { save, saving, problem } = useSave({ sessionId, title, onClose });
  return (
    <Dialog label="Export the conversation" onClose={onClose}>
      <div className={styles.form}>
        <h2>Export the conversation</h2>
        <p className={styles.note}>
          All messages, calls of tools and answers, with those of the conversation it was branched from. JSON is for
          programs, Markdown for people.
        </p>
        {problem === undefined ? null : <ProblemNote what="It was not exported." problem={problem} />}
        <p className={styles.row}>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" aria-disabled={saving} onClick={() => void (saving || save("json"))}>
            JSON
          </button>
          <button type="button" aria-disabled={saving} onClick={() => void (saving || save("markdown"))}>
            {saving ? "Reading…" : "Markdown"}
          </button>
        </p>
      </div>
    </Dialog>
  );
}

function useSave({ sessionId, title, onClose }: ExportDialogProps) {
  const client = useClient();
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const under = useRef<AbortController>(undefined);
  useEffect(() => () => under.current?.abort(), []);
  const save = async (format: ExportFormat): Promise<void> => {
    under.current = new AbortController();
    const { signal } = under.current;
    setSaving(true);
    try {
      // Few export, so nobody loads it before.
      const [{ readConversation }, { EXPORT_FORMATS, fileName }] = await Promise.all([
        import("./read-conversation.ts"),
        import("./export-conversation.ts"),
      ]);
      const { type, write } = EXPORT_FORMATS[format];
      const text = write({ ...(await readConversation(client, sessionId, signal)), title });
      signal.throwIfAborted();
      download(new Blob([text], { type }), fileName(title, format));
      onClose();
    } catch (error) {
      if (signal.aborted) return;
      setSaving(false);
      setProblem(problemOf(error));
    }
  };
  return { save, saving, problem };
}
