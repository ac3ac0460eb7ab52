import type { ErrorView } from "./view.ts";

/** Payloads come from outside and may be of a newer version: every field is asked for, none is assumed. */
export type Fields = Readonly<Record<string, unknown>>;

export function toFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function textOf(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === "string" ? value : null;
}

export function numberOf(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function errorOf(fields: Fields): ErrorView | null {
  if (fields.error === undefined || fields.error === null) return null;
  const error = toFields(fields.error);
  return { code: textOf(error, "code") ?? "INTERNAL", message: textOf(error, "message") ?? "no reason was recorded" };
}
