import { isRecord } from "@soma/schemas/json";
import { ModelError, type Quote } from "../model-error.ts";

/** The JSON object that a server sent; throws MODEL_FAILED for anything else. */
export function parseObject(json: string, quote: Quote): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ModelError("MODEL_FAILED", `the stream holds something that is not JSON: ${quote(json, 80)}`, { cause });
  }
  if (isRecord(value)) return value;
  throw new ModelError("MODEL_FAILED", `the stream holds JSON that is not an object: ${quote(json, 80)}`);
}
