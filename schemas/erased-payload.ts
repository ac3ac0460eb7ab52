import { isRecord, type JsonObject } from "./json.ts";

/**
 * What stands in place of a payload that was erased, while its digest stays. No kind has a field of this name, and none ever
 * will. What a rollback says is never erased: what counts in a history is told by it.
 */
export const ERASED_PAYLOAD: JsonObject = { "soma:erased": true };

export function isErased(payload: unknown): boolean {
  return isRecord(payload) && payload["soma:erased"] === true && Object.keys(payload).length === 1;
}
