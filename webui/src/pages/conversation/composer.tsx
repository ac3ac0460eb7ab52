import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useStatus } from "../../run-log/use-run-log.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { AttachmentChips } from "./attachment-chips.tsx";
import { sizeHint, toMessage } from "./attachments.ts";
import { agentFor, parseChoice, readyText } from "./choice.ts";
import { ChoiceBar } from "./choice-bar.tsx";
import styles from "./composer.module.css";
import { StopButton } from "./stop-button.tsx";
import { type OnSend, useAsk } from "./use-ask.ts";
import { useAttachments } from "./use-attachments.ts";

interface ComposerProps {
  /** The conversation to go on with; without it a new one begins. */
  sessionId: string | undefined;
  newest: RunSummaryFragment | undefined;
  onSend: OnSend;
}

/** Where messages are written. What was typed is kept until the server has it. */
export function Composer({ sessionId, newest, onSend }: ComposerProps): ReactNode {
  const field = useRef<HTMLTextAreaElement>(null);
  const { files, refused, remove, onChoose, ...handed } = useAttachments();
  const { text, setText, agent, active, hint, able, asking, problem, submit } = useMessage(
    { sessionId, newest, onSend },
    { files, clear: handed.clear, putBack: handed.putBack, field },
  );
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void submit();
  };
  return (
    <form
      className={styles.composer}
      onDrop={handed.onDrop}
      onDragOver={handed.onDragOver}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {problem === undefined ? null : (
        <ProblemNote what="The message was not sent and is kept below." problem={problem} />
      )}
      <AttachmentChips files={files} refused={refused} next={field} onRemove={remove} />
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
          onPaste={handed.onPaste}
        />
        {active !== undefined ? <StopButton runId={active} next={field} /> : null}
        <button type="submit" className={styles.send} aria-disabled={!able}>
          {asking ? "Sending…" : "Send"}
        </button>
      </div>
      <div className={styles.below}>
        <p id="message-hint" className={styles.hint}>
          {hint ?? "Enter sends, Shift+Enter begins a new line"}
        </p>
        <label className={styles.attach}>
          <input className="visually-hidden" type="file" multiple onChange={onChoose} />
          Attach text files
        </label>
        <ChoiceBar agent={agent} />
      </div>
    </form>
  );
}

interface Written {
  files: Parameters<typeof toMessage>[1];
  clear(): void;
  putBack(files: Written["files"]): void;
  field: RefObject<HTMLTextAreaElement | null>;
}

/** What is being written, whether it can be sent, and what sends it. */
function useMessage({ sessionId, newest, onSend }: ComposerProps, { files, clear, putBack, field }: Written) {
  const search = useSearch();
  const [text, setText] = useReadyText(sessionId === undefined ? readyText(search) : "", search, field);
  const { ask, asking, problem } = useAsk(onSend);
  const choice = parseChoice(search);
  const agent = agentFor(choice, newest);
  const status = useStatus(newest?.id ?? "", newest?.status ?? "SUCCEEDED");
  const active = newest !== undefined && !isFinished(status) ? newest.id : undefined;
  const message = toMessage(text, files);
  const hint = sizeHint(message) ?? (active === undefined ? null : "Wait for the answer, or stop it");
  const able = message.trim() !== "" && hint === null && !asking;
  const submit = async (): Promise<void> => {
    if (!able) return;
    // The button that was pressed is of no use until there is a new message.
    field.current?.focus();
    const { role, model } = choice;
    // What is written from here on is the next message.
    setText("");
    clear();
    if (await ask({ sessionId, agent, input: { text: message }, role, model })) return;
    setText((next) => [text, next].filter((part) => part !== "").join("\n"));
    putBack(files);
  };
  return { text, setText, agent, active, hint, able, asking, problem, submit };
}

/**
 * What is written; a question that comes ready takes the place of none, and the focus goes to where it is sent from. Beside
 * a draft it changes nothing: whom the draft goes to was chosen before, so the address is again what it was.
 */
function useReadyText(ready: string, search: string, field: Written["field"]) {
  const [path, navigate] = useLocation();
  const [text, setText] = useState(ready);
  const taken = useRef({ ready: "", search });
  useEffect(() => {
    const { current: before } = taken;
    const isNew = ready !== "" && ready !== before.ready;
    const draft = field.current?.value ?? "";
    if (isNew) field.current?.focus();
    if (isNew && draft !== "" && draft !== ready) {
      navigate(before.search === "" ? path : `${path}?${before.search}`, { replace: true });
      return;
    }
    taken.current = { ready, search };
    if (isNew) setText(ready);
  }, [ready, search, path, navigate, field]);
  return [text, setText] as const;
}
