import { isRecord, type JsonObject } from "./json.ts";

/**
 * What a model was sent for an answer, as the end of a step keeps it for people to look at: secrets are masked, and
 * long texts are cut in their middle. It only grows, as the history that it stands in.
 */
export interface SentPrompt extends JsonObject {
  profile: string;
  model: string;
  /** What was sent beside the messages, such as a temperature. */
  params: JsonObject;
  messages: SentMessage[];
  tools: SentTool[];
}

export interface SentMessage extends JsonObject {
  /** system, user, assistant or tool. */
  role: string;
  text: string;
  /** Bytes and SHA-256 of the whole text as it was sent. */
  bytes: number;
  sha256: string;
  /** What an assistant asked for. */
  calls: SentCall[];
  /** Of the call that a tool answers. */
  toolCallId: string | null;
}

interface SentCall extends JsonObject {
  id: string;
  name: string;
  arguments: string;
}

/** A tool that was offered; the digest is of its description and of the schema of its arguments. */
interface SentTool extends JsonObject {
  name: string;
  sha256: string;
}

/** What is written there, each field with its fallback; undefined where nothing is. */
export function parseSentPrompt(value: unknown): SentPrompt | undefined {
  if (!isRecord(value)) return undefined;
  const { profile, model, params, messages, tools } = value;
  return {
    profile: text(profile),
    model: text(model),
    params: isRecord(params) ? (params as JsonObject) : {},
    messages: records(messages).map(({ role, text: said, bytes, sha256, calls, toolCallId }) => ({
      role: text(role),
      text: text(said),
      bytes: typeof bytes === "number" ? bytes : 0,
      sha256: text(sha256),
      calls: records(calls).map((call) => ({
        id: text(call.id),
        name: text(call.name),
        arguments: text(call.arguments),
      })),
      toolCallId: typeof toolCallId === "string" ? toolCallId : null,
    })),
    tools: records(tools).map(({ name, sha256 }) => ({ name: text(name), sha256: text(sha256) })),
  };
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
