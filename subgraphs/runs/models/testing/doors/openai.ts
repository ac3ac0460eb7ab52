import { isRecord } from "@soma/schemas/json";
import type { Door } from "../model-server.ts";
import { parseMessages, parseTools } from "../wire-messages.ts";
import { parseOutput } from "../wire-output.ts";
import { toStream, toWhole } from "../wire-stream.ts";
import { openAiEmbeddings } from "./embeddings.ts";

/** Chat completions as OpenAI's own servers speak them, and as strictly. */
export const openai: Door = {
  base: "/v1",
  operation: /^\/chat\/completions$/,
  keyOf: ({ authorization }) => authorization?.replace("Bearer ", ""),
  read: (body) => ({
    model: String(body.model),
    messages: parseMessages(body.messages),
    tools: parseTools(body.tools),
    output: parseOutput(isRecord(body.response_format) ? body.response_format.json_schema : undefined),
    isStream: body.stream === true,
    body,
  }),
  lines: (answer, { model, body }) =>
    toStream(model, answer, isRecord(body.stream_options) && body.stream_options.include_usage === true),
  whole: (answer, { model }) => toWhole(model, answer),
  embeddings: openAiEmbeddings,
  error: (status, message) => ({
    error: { message, type: status === 429 ? "rate_limit_error" : "invalid_request_error", param: null, code: null },
  }),
};
