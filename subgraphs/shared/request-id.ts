import { type Context, context, createContextKey } from "@opentelemetry/api";

/** Header in which the id of a request travels beside its trace. */
export const REQUEST_ID_HEADER = "x-request-id";

const KEY = createContextKey("soma.request_id");
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The id that a caller gave its request, when it is well formed; else a new one. */
export function toRequestId(given: string | null | undefined): string {
  return isRequestId(given) ? given : crypto.randomUUID();
}

/** A context whose work is done for a request; the same one for an id that is none. */
export function withRequestId(on: Context, id: string | undefined): Context {
  return isRequestId(id) ? on.setValue(KEY, id) : on;
}

/** Id of the request that work is done for; empty when no request is known. */
export function activeRequestId(from: Context = context.active()): string {
  const id = from.getValue(KEY);
  return typeof id === "string" ? id : "";
}

export function isRequestId(id: string | null | undefined): id is string {
  return typeof id === "string" && REQUEST_ID.test(id);
}
