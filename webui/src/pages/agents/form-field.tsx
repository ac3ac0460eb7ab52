import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useId } from "react";
import type { FieldKind, FormField } from "./form-fields.ts";
import styles from "./start-form.module.css";

interface FieldProps {
  field: FormField;
  typed: string;
  fault: string | undefined;
  onType(text: string): void;
}

const HINTS: Partial<Record<FieldKind, string>> = { number: "number", integer: "whole number", json: "JSON" };

/** One property of the input: what it is called, what it is for, and beside it what is wrong with it. */
export function Field({ field, typed, fault, onType }: FieldProps): ReactNode {
  const id = useId();
  const { label, description, isRequired, kind } = field;
  const hints = [HINTS[kind], isRequired ? undefined : "optional"].filter((hint) => hint !== undefined);
  const notes = [description === "" ? "" : `${id}-note`, fault === undefined ? "" : `${id}-fault`].join(" ").trim();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>
        {showHidden(label)} {hints.length === 0 ? null : <span>{hints.join(", ")}</span>}
      </label>
      {description === "" ? null : (
        <p id={`${id}-note`} className={styles.note}>
          {showHidden(description)}
        </p>
      )}
      <Control
        field={field}
        id={id}
        value={typed}
        aria-required={isRequired}
        aria-invalid={fault !== undefined}
        aria-describedby={notes === "" ? undefined : notes}
        onType={onType}
      />
      {fault === undefined ? null : (
        <p id={`${id}-fault`} className={styles.fault}>
          {showHidden(fault)}
        </p>
      )}
    </div>
  );
}

interface ControlProps {
  field: FormField;
  id: string;
  value: string;
  "aria-required": boolean;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
  onType(text: string): void;
}

function Control({ field: { kind, choices, isRequired }, onType, ...props }: ControlProps): ReactNode {
  const onChange = (event: { target: { value: string } }): void => onType(event.target.value);
  if (kind === "choice")
    return (
      <select {...props} onChange={onChange}>
        <option value="">{isRequired ? "Choose…" : "Left out"}</option>
        {choices.map((choice) => (
          <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
            {choiceWords(choice)}
          </option>
        ))}
      </select>
    );
  if (kind === "text" || kind === "json")
    return (
      <textarea
        {...props}
        className={kind === "json" ? styles.json : undefined}
        rows={kind === "json" ? 4 : 2}
        spellCheck={kind === "text"}
        onChange={onChange}
      />
    );
  return <input {...props} type="text" inputMode={kind === "line" ? "text" : "decimal"} onChange={onChange} />;
}

function choiceWords(choice: unknown): string {
  if (typeof choice === "boolean") return choice ? "Yes" : "No";
  return showHidden(typeof choice === "string" ? choice : JSON.stringify(choice));
}
