import { type TObject, Type } from "typebox";

/** JSON Schema 2020-12 of what a run is started with. */
export interface InputSchema {
  readonly type: "object";
  readonly [keyword: string]: unknown;
}

/** Typebox keeps notes of its own on a schema; nothing but plain JSON leaves from here. */
export function toInputSchema(input: TObject): InputSchema {
  return JSON.parse(JSON.stringify(input)) as InputSchema;
}

/** Of a graph that declares none and begins with a text, as a conversation does. */
export const TEXT_INPUT = toInputSchema(
  Type.Object({ text: Type.String({ minLength: 1, description: "What the agent is asked" }) }),
);
