import type { Answer } from "./ask.ts";

const SHOWN = 200;

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of an object, and none of anything else. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Why an answer refuses, for people. There are builds that say it in `detail`, as text, as a list of faults or as an object
 * with a message, and builds that say it in `error`.
 */
export function reasonOf({ status, body }: Answer): string {
  const { detail, error } = fieldsOf(body);
  const said = detail ?? error;
  const text = typeof said === "string" ? said : (fieldsOf(said).message ?? JSON.stringify(said ?? null));
  return `SomaBrain answered ${status}: ${String(text).slice(0, SHOWN)}`;
}
