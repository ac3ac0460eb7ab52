import { isRecord } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { readText } from "@soma/shared/read-text";
import { operationAt, placeOf } from "./address.ts";
import { keyHeaders } from "./key.ts";

/** Bytes of a list of models that are read. */
const MAX_LIST_BYTES = 1_000_000;
/** Names of models that cannot chat, as servers list them beside those that can. */
const NO_CHAT =
  /embed|rerank|whisper|\btts\b|moderation|\b(?:bge|e5|gte|minilm|clip|dall-e|stable-diffusion|transcribe|speech)\b/i;
/** What servers that tell the kind of a model call those that cannot. */
const NO_CHAT_KIND = /embed|rerank|image|audio|speech|transcri|moderation/i;

export interface ListModelsParams {
  /** Addresses to look at, in order; the next one where what answers at the one before is no model server. */
  bases: readonly string[];
  apiKey: string | undefined;
  fetch: typeof fetch;
  /** Milliseconds until each list must have been read. */
  limitMs: number;
  /** Vectors are wanted, of a model that is named: the server has only to be there. */
  forVectors?: boolean;
}

/** The models of a server that can chat, in its order, and where it was found. */
export interface Listed {
  base: string;
  models: string[];
}

/**
 * What a server lists at GET {base}/models, or why there is nothing, in words that follow the profile's name. Other
 * programs listen on the usual ports too, so only a list in the right shape counts.
 */
export async function listModels({ bases, forVectors = false, ...params }: ListModelsParams): Promise<Listed | string> {
  const reasons: string[] = [];
  for (const base of bases) {
    const listed = await listAt(base, params);
    if (typeof listed !== "string") return forVectors || listed.models.length > 0 ? listed : noChat(base);
    reasons.push(listed);
    if (!listed.startsWith(ELSEWHERE)) break;
  }
  return reasons.join("; ");
}

function noChat(base: string): string {
  return `the server at ${placeOf(base)} has no model that can chat; load one`;
}

/** How a reason begins that says of a server which answers that it is another one. */
const ELSEWHERE = "what answers at";

async function listAt(
  base: string,
  { apiKey, fetch: send, limitMs }: Omit<ListModelsParams, "bases">,
): Promise<Listed | string> {
  const headers = keyHeaders(new URL(base).hostname, apiKey ?? "");
  try {
    const response = await send(operationAt(base, "/models"), {
      headers,
      signal: AbortSignal.timeout(limitMs),
      redirect: "manual",
    });
    if (!response.ok) {
      await response.body?.cancel();
      return response.status === 404
        ? `${ELSEWHERE} ${placeOf(base)} has no list of models (HTTP 404)`
        : `the server at ${placeOf(base)} answers HTTP ${response.status} instead of a list of models`;
    }
    const models = modelsOf(await readText(response.body, MAX_LIST_BYTES, "the list").catch(tooLong));
    return models === undefined ? `${ELSEWHERE} ${placeOf(base)} is not a model server` : { base, models };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return late
      ? `the server at ${placeOf(base)} does not answer within ${limitMs} ms`
      : `no server answers at ${placeOf(base)}`;
  }
}

/** A list without an end is no list; a connection that breaks is another matter. */
function tooLong(error: unknown): undefined {
  if (error instanceof SomaError && error.code === "PAYLOAD_TOO_LARGE") return undefined;
  throw error;
}

/** The names of those that can chat; undefined for what is no list of models. */
function modelsOf(body: string | undefined): string[] | undefined {
  const list = parse(body);
  // Ollama without a model lists null.
  if (!isRecord(list) || !("data" in list) || !(Array.isArray(list.data) || list.data === null)) return undefined;
  const items = (list.data ?? [])
    .filter(isRecord)
    .filter(({ id }: { id?: unknown }) => typeof id === "string" && id !== "");
  if (list.data !== null && list.data.length > 0 && items.length === 0) return undefined;
  return items.filter(canChat).map(({ id }: { id?: unknown }) => String(id));
}

function canChat({ id, type, capabilities }: Readonly<Record<string, unknown>>): boolean {
  if (NO_CHAT.test(String(id)) || (typeof type === "string" && NO_CHAT_KIND.test(type))) return false;
  return !(isRecord(capabilities) && capabilities.completion_chat === false);
}

function parse(body: string | undefined): unknown {
  try {
    return body === undefined ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}
