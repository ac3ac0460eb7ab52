import type { Door } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";
import { words } from "../wire-stream.ts";
import { callsIn, chatDoor, chunkOf, messagesIn, reasonOf } from "./chat.ts";

const OF_BODY = [
  ...["model", "messages", "tools", "tool_choice", "stream", "temperature", "top_p", "max_tokens", "stop"],
  ...["random_seed", "response_format", "parallel_tool_calls", "safe_prompt", "prompt_mode"],
];
const OF_MESSAGE = ["role", "content", "tool_calls", "tool_call_id", "name", "prefix"];
const OF_CALL = ["id", "type", "function", "index"];

/**
 * Mistral's platform: fields it does not know are refused, ids of calls are nine letters or digits, roles come in their
 * order, and a call comes whole in one chunk.
 */
export function mistral(): Door {
  let count = 0;
  return chatDoor({
    check(body) {
      allow(body, OF_BODY, ["body"]);
      for (const [at, message] of messagesIn(body).entries()) {
        allow(message, OF_MESSAGE, ["body", "messages", at]);
        for (const call of callsIn(message)) allow(call, OF_CALL, ["body", "messages", at, "tool_calls"]);
        for (const id of [...callsIn(message).map((call) => call.id), message.tool_call_id ?? "000000000"])
          if (!/^[a-zA-Z0-9]{9}$/.test(String(id)))
            throw refusal(`Tool call id was ${id} but must be a-z, A-Z, 0-9, with a length of 9.`);
      }
      checkRoles(messagesIn(body).map(({ role }) => String(role)));
    },
    chunks(answer) {
      const calls = answer.toolCalls.map((call, index) => {
        count += 1;
        return { index, id: `Call${String(count).padStart(5, "0")}`, function: call };
      });
      return [
        chunkOf({ role: "assistant", content: "" }),
        ...words(answer.text).map((content) => chunkOf({ content })),
        chunkOf({ content: "", ...(calls.length === 0 ? {} : { tool_calls: calls }) }, reasonOf(answer), {
          usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
        }),
      ];
    },
    error: (_status, message) => ({ object: "error", message, type: "invalid_request_error", param: null, code: null }),
  });
}

function refusal(message: string): BadRequest {
  return new BadRequest(message);
}

/** As validators of Python say it: in a list, with the place of each fault. */
function allow(value: Record<string, unknown>, known: readonly string[], place: readonly unknown[]): void {
  const detail = Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => ({ type: "extra_forbidden", loc: [...place, name], msg: "Extra inputs are not permitted" }));
  if (detail.length > 0) throw new BadRequest("extra_forbidden", 422, { detail });
}

function checkRoles(roles: readonly string[]): void {
  for (const [at, role] of roles.entries()) {
    const before = roles[at - 1];
    if (role === "user" && before === "tool") throw refusal("Unexpected role 'user' after role 'tool'");
    if (role === "system" && at > 0) throw refusal(`Unexpected role 'system' after role '${before}'`);
  }
  const last = roles.at(-1);
  if (last !== "user" && last !== "tool")
    throw refusal(`Expected last role User or Tool (or Assistant with prefix True) for serving but got ${last}`);
}
