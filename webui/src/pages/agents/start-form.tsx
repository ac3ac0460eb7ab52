import { showHidden } from "@soma/schemas/hidden-characters";
import { type FormEvent, type ReactNode, useRef } from "react";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { Field } from "./form-field.tsx";
import { typedIn } from "./form-fields.ts";
import { placeFaults } from "./place-faults.ts";
import styles from "./start-form.module.css";
import { useInputForm } from "./use-input-form.ts";
import { useStart } from "./use-start.ts";

interface StartFormProps {
  graph: string;
  /** JSON Schema of the input; null of an agent that does not declare it. */
  inputSchema: unknown;
}

/** What an agent is started with, as a form of its schema or as JSON, and the start itself. */
export function StartForm({ graph, inputSchema }: StartFormProps): ReactNode {
  const form = useRef<HTMLFormElement>(null);
  const { fields, isDeclared, typed, type, json, typeJson, unread, notice, read, turn } = useInputForm(inputSchema);
  const { isBusy, faults, problem, start } = useStart(graph);
  const { byKey, others } = placeFaults(fields, faults);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const input = read();
    if (input !== undefined) await start(input);
    focusFault(form.current);
  };
  return (
    <form ref={form} className={styles.form} aria-label={`Start ${graph}`} onSubmit={(event) => void send(event)}>
      {isDeclared ? null : (
        <p className={styles.note}>This agent reads its input itself and does not declare what it takes.</p>
      )}
      {json === undefined ? null : <JsonInput text={json} onType={typeJson} />}
      {(json === undefined ? fields : []).map((field) => (
        <Field
          key={field.key}
          field={field}
          typed={typedIn(typed, field)}
          fault={unread[field.key] ?? byKey[field.key]}
          onType={(text) => type(field.key, text)}
        />
      ))}
      <Faults
        lines={[
          notice,
          ...(json === undefined ? others : faults).map(({ path, message }) => `${path} ${message}`.trim()),
        ]}
      />
      {problem === undefined ? null : <ProblemNote what="No run was started." problem={problem} />}
      <p className={styles.buttons}>
        <button type="submit" className={styles.start} aria-disabled={isBusy}>
          {isBusy ? "Starting…" : "Start a run"}
        </button>
        {isDeclared ? (
          <button type="button" onClick={turn}>
            {json === undefined ? "As JSON" : "As a form"}
          </button>
        ) : null}
      </p>
    </form>
  );
}

function JsonInput({ text, onType }: { text: string; onType: (text: string) => void }): ReactNode {
  return (
    <div className={styles.field}>
      <label htmlFor="agent-input">
        Input <span>JSON</span>
      </label>
      <textarea
        id="agent-input"
        className={styles.json}
        rows={10}
        spellCheck={false}
        value={text}
        onChange={(event) => onType(event.target.value)}
      />
    </div>
  );
}

/** What is wrong and stands beside no field. */
function Faults({ lines }: { lines: readonly string[] }): ReactNode {
  const told = lines.filter((line) => line !== "");
  if (told.length === 0) return null;
  return (
    <div role="alert" className={styles.fault}>
      {told.map((line) => (
        <p key={line}>{showHidden(line)}</p>
      ))}
    </div>
  );
}

/** Where the first fault is, once it is drawn. */
function focusFault(form: HTMLFormElement | null): void {
  setTimeout(() => form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
}
