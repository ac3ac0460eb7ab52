import { CancelRunDocument, type RunSummaryFragment, SendMessageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type KeyboardEvent, type ReactNode, type RefObject, useRef, useState } from "react";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";
import { toProblem } from "../../graphql/to-problem.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { useRunLog, useStatus } from "../../run-log/use-run-log.ts";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { type Problem, ProblemNote } from "../../ui/problem-note.tsx";
import { toBytes } from "../../ui/words.ts";
import styles from "./composer.module.css";

/** What the server takes as one message. */
const MAX_BYTES = 32_768;

interface ComposerProps {
  /** The conversation to go on with; without it a new one begins. */
  sessionId: string | undefined;
  newest: RunSummaryFragment | undefined;
  onSent(run: RunSummaryFragment): void;
}

/** Where messages are written. What was typed is kept until the server has it. */
export function Composer({ sessionId, newest, onSent }: ComposerProps): ReactNode {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const { send, sending, problem } = useSend(sessionId, onSent);
  const status = useStatus(newest?.id ?? "", newest?.status ?? "SUCCEEDED");
  const active = newest !== undefined && !isFinished(status);
  const bytes = new TextEncoder().encode(text).length;
  const hint =
    bytes > MAX_BYTES
      ? `The message is ${toBytes(bytes)}; ${toBytes(MAX_BYTES)} is the most`
      : active
        ? "Wait for the answer, or stop it"
        : null;
  const able = text.trim() !== "" && hint === null && !sending;

  const submit = async (): Promise<void> => {
    if (!able) return;
    // The button that was pressed is of no use until there is a new message.
    field.current?.focus();
    if (await send(text)) setText("");
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void submit();
  };
  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {problem === undefined ? null : (
        <ProblemNote what="The message was not sent and is kept below." problem={problem} />
      )}
      <div className={styles.field}>
        <label className="visually-hidden" htmlFor="message">
          Message
        </label>
        <textarea
          ref={field}
          id="message"
          rows={1}
          placeholder="Write a message"
          aria-describedby="message-hint"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {active ? <StopButton runId={newest.id} next={field} /> : null}
        <button type="submit" className={styles.send} disabled={!able}>
          {sending ? "Sending…" : "Send"}
        </button>
      </div>
      <p id="message-hint" className={styles.hint}>
        {hint ?? "Enter sends, Shift+Enter begins a new line"}
      </p>
    </form>
  );
}

/** Sends under a key that stays the same until it worked: sending again after a lost answer does not ask twice. */
function useSend(sessionId: string | undefined, onSent: (run: RunSummaryFragment) => void) {
  const sendMessage = useMutation(SendMessageDocument);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const last = useRef({ key: "", content: "" });
  const send = async (text: string): Promise<boolean> => {
    const content = JSON.stringify([sessionId, text]);
    if (last.current.content !== content) last.current = { key: newIdempotencyKey(), content };
    setSending(true);
    const input = { text, idempotencyKey: last.current.key, ...(sessionId === undefined ? {} : { sessionId }) };
    const { data, error } = await sendMessage({ input });
    setSending(false);
    setProblem(error === undefined ? undefined : toProblem(error));
    if (data === undefined || error !== undefined) return false;
    last.current = { key: "", content: "" };
    onSent(data.sendMessage.run);
    return true;
  };
  return { send, sending, problem };
}

/**
 * A command to the server, so it works after a reload and from another tab too. `next` takes the focus when the button
 * cannot keep it: once it was pressed, and when the run ends while it has it.
 */
function StopButton({ runId, next }: { runId: string; next: RefObject<HTMLElement | null> }): ReactNode {
  const cancelRun = useMutation(CancelRunDocument);
  const [asked, setAsked] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const requested = useRunLog(runId)?.view.cancelRequested === true;
  const stopping = requested || asked === runId;
  const stop = async (): Promise<void> => {
    setAsked(runId);
    next.current?.focus();
    const { error } = await cancelRun({
      input: { runId, reason: "Stopped in the web page", idempotencyKey: `stop:${runId}` },
    });
    setProblem(error === undefined ? undefined : toProblem(error));
    if (error !== undefined) setAsked(undefined);
  };
  return (
    <>
      {problem === undefined ? null : <span role="alert">Not stopped: {problem.message}</span>}
      <LeavingButton className={styles.stop} next={next} disabled={stopping} onClick={() => void stop()}>
        {stopping ? "Stopping…" : "Stop"}
      </LeavingButton>
    </>
  );
}
