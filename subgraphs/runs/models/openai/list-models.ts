import { isRecord } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { readText } from "@soma/shared/read-text";

/** Bytes of a list of models that are read. */
const MAX_LIST_BYTES = 1_000_000;
/** Models that cannot chat, as local servers list them beside those that can. */
const NO_CHAT = /embed|rerank|whisper|\btts\b/i;

export interface ListModelsParams {
  baseUrl: string;
  apiKey: string | undefined;
  fetch: typeof fetch;
  /** Milliseconds until the list must have been read. */
  limitMs: number;
}

/**
 * What a server lists at GET {baseUrl}/models: the models that can chat, in its order, or why there are none, in words that
 * follow the profile's name. Other programs listen on the usual ports too, so only a list in the right shape counts.
 */
export async function listModels({
  baseUrl,
  apiKey,
  fetch: send,
  limitMs,
}: ListModelsParams): Promise<string[] | string> {
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  try {
    const response = await send(`${baseUrl.replace(/\/+$/, "")}/models`, {
      headers,
      signal: AbortSignal.timeout(limitMs),
      redirect: "manual",
    });
    if (!response.ok) {
      await response.body?.cancel();
      return `the server at ${baseUrl} answers HTTP ${response.status} instead of a list of models`;
    }
    return modelsOf(baseUrl, await readText(response.body, MAX_LIST_BYTES, "the list").catch(tooLong));
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return late ? `the server at ${baseUrl} does not answer within ${limitMs} ms` : `no server answers at ${baseUrl}`;
  }
}

/** A list without an end is no list; a connection that breaks is another matter. */
function tooLong(error: unknown): undefined {
  if (error instanceof SomaError && error.code === "PAYLOAD_TOO_LARGE") return undefined;
  throw error;
}

function modelsOf(baseUrl: string, body: string | undefined): string[] | string {
  const list = parse(body);
  // Ollama without a model lists null.
  if (!isRecord(list) || !("data" in list) || !(Array.isArray(list.data) || list.data === null))
    return `what answers at ${baseUrl} is not a model server`;
  const ids = (list.data ?? []).flatMap((item: unknown) =>
    isRecord(item) && typeof item.id === "string" && item.id !== "" ? [item.id] : [],
  );
  if (list.data !== null && list.data.length > 0 && ids.length === 0)
    return `what answers at ${baseUrl} is not a model server`;
  const models = ids.filter((id) => !NO_CHAT.test(id));
  return models.length > 0 ? models : `the server at ${baseUrl} has no model that can chat; load one`;
}

function parse(body: string | undefined): unknown {
  try {
    return body === undefined ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}
