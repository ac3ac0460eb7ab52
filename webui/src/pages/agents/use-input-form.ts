import { isRecord, type JsonObject } from "@soma/schemas/json";
import { useMemo, useState } from "react";
import { type FormField, fromInput, type Read, readJson, type Typed, toFields, toInput } from "./form-fields.ts";

interface InputForm {
  /** None where the agent does not declare its input, which is JSON then. */
  fields: readonly FormField[];
  isDeclared: boolean;
  typed: Typed;
  type(key: string, text: string): void;
  /** The input as JSON; undefined while it is a form. */
  json: string | undefined;
  typeJson(text: string): void;
  /** What cannot be read, by the key of its field, and what of the whole cannot. */
  unread: Readonly<Record<string, string>>;
  notice: string;
  /** The input that stands there; undefined, and the faults shown, when it cannot be read. */
  read(): JsonObject | undefined;
  /** From form to JSON and back, with what was typed. */
  turn(): void;
}

const NO_FIELDS: readonly FormField[] = [];
const IS_NO_OBJECT = "The input is no object of JSON, such as {}";

/** What a person types as the input of an agent, as a form of its schema or as JSON. */
export function useInputForm(inputSchema: unknown): InputForm {
  const made = useMemo(() => toFields(inputSchema), [inputSchema]);
  const fields = made ?? NO_FIELDS;
  const [typed, setTyped] = useState<Typed>({});
  const [written, setWritten] = useState<string>();
  const [unread, setUnread] = useState<Read["faults"]>({});
  const [notice, setNotice] = useState("");
  const json = written ?? (made === undefined ? "{}" : undefined);

  const read = (): JsonObject | undefined => {
    const { input, faults } = json === undefined ? toInput(fields, typed) : { input: readObject(json), faults: {} };
    setUnread(faults);
    setNotice(input === undefined ? IS_NO_OBJECT : "");
    return Object.keys(faults).length > 0 ? undefined : input;
  };
  const turn = (): void => {
    const input = read();
    if (input === undefined) return;
    const { typed: next, unknown } = fromInput(fields, input);
    if (json === undefined) setWritten(JSON.stringify(input, null, 2));
    else if (unknown.length > 0) setNotice(`The form has no field for ${unknown.join(", ")}`);
    else {
      setTyped(next);
      setWritten(undefined);
    }
  };
  return {
    ...{ fields, isDeclared: made !== undefined, typed, json, unread, notice, read, turn },
    type: (key, text) => setTyped((before) => ({ ...before, [key]: text })),
    typeJson: setWritten,
  };
}

function readObject(text: string): JsonObject | undefined {
  const read = readJson(text);
  return "is" in read && isRecord(read.is) ? (read.is as JsonObject) : undefined;
}
