export interface ModelAnswer {
  text: string;
  /** What the model thinks before, where such a model thinks. */
  thinking?: string;
  toolCalls: readonly { name: string; arguments: string }[];
}

/** Most characters of arguments in one chunk; real servers send a token at a time. */
const ARGUMENT_PIECE = 7;

/**
 * An answer as the lines of a stream, the way OpenAI's own server sends it: a first chunk with the role, text word by
 * word, tool calls whose id and name come only in their first chunk and whose arguments come in pieces (of several
 * calls in turn), keep-alive comments in between, a chunk with the finish reason, one with the usage and no choices,
 * and [DONE].
 */
export function toStream(model: string, answer: ModelAnswer, includeUsage: boolean): string[] {
  const head = {
    id: "chatcmpl-test",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model,
    system_fingerprint: "fp_test",
  };
  const chunk = (delta: object, finishReason: string | null = null): string => {
    const usage = includeUsage ? { usage: null } : {};
    return `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }], ...usage })}\n\n`;
  };
  const lines = [
    ": keep-alive\n\n",
    chunk({ role: "assistant", content: answer.text === "" ? null : "", refusal: null }),
  ];
  for (const word of words(answer.text)) lines.push(chunk({ content: word }));
  for (const delta of toolCallDeltas(answer)) lines.push(": keep-alive\n\n", chunk({ tool_calls: [delta] }));
  lines.push(chunk({}, answer.toolCalls.length > 0 ? "tool_calls" : "stop"));
  if (includeUsage) lines.push(`data: ${JSON.stringify({ ...head, choices: [], usage: toUsage(answer) })}\n\n`);
  return [...lines, "data: [DONE]\n\n"];
}

/** An answer as one JSON object, as a server sends it that does not stream. */
export function toWhole(model: string, answer: ModelAnswer): string {
  const toolCalls = answer.toolCalls.map((call, index) => ({
    id: idOf(index),
    type: "function",
    function: { ...call },
  }));
  const message = {
    role: "assistant",
    content: answer.text === "" ? null : answer.text,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
  const choice = { index: 0, message, finish_reason: toolCalls.length === 0 ? "stop" : "tool_calls" };
  return JSON.stringify({
    id: "chatcmpl-test",
    object: "chat.completion",
    created: 1_700_000_000,
    model,
    choices: [choice],
    usage: toUsage(answer),
  });
}

function* toolCallDeltas(answer: ModelAnswer): Generator<object> {
  for (const [index, { name }] of answer.toolCalls.entries())
    yield { index, id: idOf(index), type: "function", function: { name, arguments: "" } };
  const pieces = answer.toolCalls.map((call) => inPieces(call.arguments));
  const longest = Math.max(0, ...pieces.map(({ length }) => length));
  for (let at = 0; at < longest; at += 1)
    for (const [index, all] of pieces.entries()) {
      const piece = all[at];
      if (piece !== undefined) yield { index, function: { arguments: piece } };
    }
}

function idOf(index: number): string {
  return `call_test${index}`;
}

export function toUsage(answer: ModelAnswer) {
  const completion = answer.text.split(/\s+/).length + answer.toolCalls.length * 10;
  return { prompt_tokens: 20, completion_tokens: completion, total_tokens: 20 + completion };
}

/** A text in the pieces in which models make it. */
export function words(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
}

/** Arguments in the pieces in which servers send them. */
export function inPieces(written: string): string[] {
  return written.match(new RegExp(`[^]{1,${ARGUMENT_PIECE}}`, "g")) ?? [];
}
