import { isRecord } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { readRefusal, toCallError, toResponseError } from "../http/errors.ts";
import { ModelError, type Quote, type Spent } from "../model-error.ts";

export interface CallErrorParams {
  who: string;
  /** Where the model is, as people read it. */
  address: string;
  quote: Quote;
  /** Undefined where the answer had not begun. */
  spent: Spent | undefined;
}

/**
 * What a package of the AI SDK threw, as every client of ours tells it. It knows its errors by name, because packages
 * bring copies of their classes.
 */
export async function toAiSdkError(error: unknown, params: CallErrorParams): Promise<ModelError> {
  const { who, address, quote, spent: before } = params;
  let spent = before;
  if (error instanceof SomaError || !(error instanceof Error)) return toCallError(who, address, error, spent);
  const { name, message, cause } = error;
  if (name === "AI_APICallError") {
    const { statusCode, responseBody, responseHeaders, url } = error as Error & Record<string, unknown>;
    if (typeof statusCode !== "number") return toCallError(who, address, cause ?? error, spent);
    const body = typeof responseBody === "string" ? responseBody : "";
    const headers = isRecord(responseHeaders) ? (responseHeaders as Record<string, string>) : {};
    const place = typeof url === "string" && URL.canParse(url) ? url : "http://unknown";
    const refusal = await readRefusal(
      { status: statusCode, headers: new Headers(headers), body: new Response(body).body },
      place,
    );
    if (statusCode >= 300 || refusal.isPage) return toResponseError(who, refusal, quote);
    spent ??= { usage: null };
    // An answer that had begun and broke; what could not be read of it has a cause of the AI SDK.
    if (cause instanceof Error && !cause.name.startsWith("AI_")) return toCallError(who, address, cause, spent);
  }
  if (name === "AI_LoadAPIKeyError" || name === "AI_LoadSettingError")
    return new ModelError("MODEL_REFUSED", `${who}: ${quote(message, 300)}`, { cause: error });
  if (name.startsWith("AI_"))
    return new ModelError("MODEL_FAILED", `${who}: the answer cannot be read: ${quote(message, 300)}`, {
      ...{ cause: error, spent },
    });
  return toCallError(who, address, error, spent);
}
