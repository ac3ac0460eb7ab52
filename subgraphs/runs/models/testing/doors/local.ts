import { isRecord } from "@soma/schemas/json";
import type { Door } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";
import { words } from "../wire-stream.ts";
import { callsIn, chatDoor, chunkOf, messagesIn, reasonOf } from "./chat.ts";

/** Counts down the requests that a server refuses while it loads its model. */
function createLoading(requests: number, refuse: () => BadRequest): () => void {
  let left = requests;
  return () => {
    if (left <= 0) return;
    left -= 1;
    throw refuse();
  };
}

/**
 * Ollama: every call has index 0, and either no id or one that others have too; each call comes whole; it thinks in
 * `reasoning`.
 */
export function ollama({ hasIds }: { hasIds: boolean }): Door {
  return chatDoor({
    chunks: (answer) => [
      chunkOf({ role: "assistant", content: "", reasoning: "hm" }),
      ...words(answer.text).map((content) => chunkOf({ role: "assistant", content })),
      ...answer.toolCalls.map((call) =>
        chunkOf({
          ...{ role: "assistant", content: "" },
          tool_calls: [{ ...(hasIds ? { id: "call_0" } : {}), index: 0, type: "function", function: call }],
        }),
      ),
      chunkOf({ role: "assistant", content: "" }, reasonOf(answer)),
    ],
  });
}

/**
 * vLLM: answers 503 while it loads, parses the arguments of earlier calls, wants roles that alternate, and its parsers
 * of tools send a name first, then arguments in crooked pieces, with empty lists of calls and running usage between
 * them.
 */
export function vllm({ loading = 0 }: { loading?: number } = {}): Door {
  const load = createLoading(
    loading,
    () => new BadRequest("Service Unavailable", 503, { object: "error", message: "The model is not ready", code: 503 }),
  );
  return chatDoor({
    check(body) {
      load();
      for (const message of messagesIn(body))
        for (const call of callsIn(message)) JSON.parse(String(call.function.arguments));
      const roles = messagesIn(body).map(({ role }) => String(role));
      if (roles.some((role, at) => role === "user" && roles[at - 1] === "user"))
        throw new BadRequest("Conversation roles must alternate user/assistant/user/assistant/...");
    },
    chunks(answer) {
      const usage = { usage: { prompt_tokens: 20, completion_tokens: 1, total_tokens: 21 } };
      const calls = answer.toolCalls.flatMap(({ name, arguments: written }, index) => [
        chunkOf(
          { tool_calls: [{ index, id: `chatcmpl-tool-${index}`, type: "function", function: { name } }] },
          null,
          usage,
        ),
        chunkOf({ tool_calls: [] }, null, usage),
        ...[written.slice(0, 1), written.slice(1, -1), written.slice(-1)].map((piece) =>
          chunkOf({ tool_calls: [{ index, function: { arguments: piece } }] }, null, usage),
        ),
      ]);
      return [
        chunkOf({ role: "assistant", content: "" }, null, usage),
        ...words(answer.text).map((content) => chunkOf({ content }, null, usage)),
        ...calls,
        chunkOf({ content: "" }, reasonOf(answer), { stop_reason: null }),
        { ...chunkOf({}), choices: [], ...usage },
      ];
    },
    error: (status, message) => ({ object: "error", message, type: "BadRequestError", param: null, code: status }),
  });
}

/** llama.cpp: answers 503 while it loads, and its template opens the thinking, so that only its end is seen. */
export function llamaCpp({ loading = 0 }: { loading?: number } = {}): Door {
  const body = { error: { code: 503, message: "Loading model", type: "unavailable_error" } };
  const load = createLoading(loading, () => new BadRequest("Loading model", 503, body));
  return chatDoor({
    check(asked) {
      load();
      const wrong = messagesIn(asked).some(({ role }, at) => role === "system" && at > 0);
      if (wrong) throw new BadRequest("System message must be at the beginning.", 500);
    },
    chunks: (answer) => [
      chunkOf({ role: "assistant", content: null }),
      ...["The person ", "asks.", "</th", "ink>\n\n", ...words(answer.text)].map((content) => chunkOf({ content })),
      ...answer.toolCalls.flatMap(({ name, arguments: written }, index) => [
        chunkOf({
          tool_calls: [
            { index, id: `Zk3${index}abcdefghijklmnop`, type: "function", function: { name, arguments: "{" } },
          ],
        }),
        chunkOf({ tool_calls: [{ index, function: { arguments: written.slice(1) } }] }),
      ]),
      chunkOf({}, reasonOf(answer), { timings: { predicted_n: 5 } }),
    ],
    error: (status, message) => ({ error: { code: status, message, type: "invalid_request_error" } }),
  });
}

/**
 * Azure: the deployment stands in the path, the version in the query, the key in a header of its own; first comes the
 * filter's word.
 */
export function azure(): Door {
  const safe = { content_filter_results: { hate: { filtered: false, severity: "safe" } } };
  return chatDoor({
    base: "/openai/deployments/assistant",
    keyOf: ({ "api-key": key }) => (typeof key === "string" ? key : undefined),
    check(_body, query) {
      if (query.get("api-version") === null)
        throw new BadRequest("Resource not found", 404, { error: { code: "404", message: "Resource not found" } });
    },
    chunks: (answer) => [
      { ...chunkOf({}), choices: [], prompt_filter_results: [{ prompt_index: 0, ...safe }] },
      ...words(answer.text).map((content) => withFilter(chunkOf({ content }), safe)),
      ...answer.toolCalls.map(({ name, arguments: written }, index) =>
        withFilter(
          chunkOf({
            tool_calls: [{ index, id: `call_az${index}`, type: "function", function: { name, arguments: written } }],
          }),
          {},
        ),
      ),
      withFilter(chunkOf({}, reasonOf(answer)), safe),
    ],
    error: (status, message) => ({ error: { code: String(status), message } }),
  });
}

function withFilter(chunk: object, filter: object): object {
  if (!("choices" in chunk) || !Array.isArray(chunk.choices)) return chunk;
  return {
    ...chunk,
    choices: chunk.choices.map((choice: unknown) => (isRecord(choice) ? { ...choice, ...filter } : choice)),
  };
}
