import { afterEach, describe, expect, test } from "vitest";
import { type OpenAiServer, type OpenAiServerOptions, scriptedAnswer, startOpenAiServer } from "./openai-server.ts";

let server: OpenAiServer | undefined;
afterEach(() => server?.close());

async function start(options: Partial<OpenAiServerOptions> = {}): Promise<OpenAiServer> {
  server = await startOpenAiServer({ answer: scriptedAnswer, ...options });
  return server;
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server?.baseUrl}/chat/completions`, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const TOOLS = ["calculate", "remember"].map((name) => ({
  type: "function",
  function: { name, description: "d", parameters: {} },
}));
const ASKED = { role: "user", content: "What is 37*12? Remember that x is 37." };

async function chunks(response: Response): Promise<Record<string, unknown>[]> {
  const lines = (await response.text()).split("\n\n").filter((line) => line.startsWith("data: {"));
  return lines.map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);
}

describe("startOpenAiServer() streams as OpenAI does:", () => {
  test("tool calls with id and name in their first chunk only, arguments in pieces of both calls in turn", async () => {
    await start();
    const body = {
      model: "test-model",
      stream: true,
      stream_options: { include_usage: true },
      messages: [ASKED],
      tools: TOOLS,
    };
    const all = (await chunks(await post(body))) as {
      choices: { delta: { tool_calls?: { index: number; id?: string; function: { arguments: string } }[] } }[];
    }[];
    const pieces = all.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(
      pieces.filter((piece) => piece.id !== undefined).map((piece) => [piece.index, piece.function.arguments]),
    ).toEqual([
      [0, ""],
      [1, ""],
    ]);
    expect(pieces.slice(2, 6).map((piece) => piece.index)).toEqual([0, 1, 0, 1]);
    const written = pieces.filter((piece) => piece.index === 0).map((piece) => piece.function.arguments);
    expect(written.join("")).toBe('{"expression":"37*12"}');
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 20 } });
    expect(all.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: "tool_calls" }], usage: null });
  });

  test("with keep-alive comments and [DONE], without usage when it was not asked for", async () => {
    await start();
    const text = await (await post({ model: "test-model", stream: true, messages: [ASKED] })).text();
    expect(text).toMatch(/^: keep-alive\n\n/);
    expect(text).toMatch(/\n\ndata: \[DONE\]\n\n$/);
    expect(text).not.toContain("usage");
  });

  test("and answers whole when no stream was asked for", async () => {
    await start({ answer: () => ({ text: "hi", toolCalls: [] }) });
    expect(await (await post({ model: "test-model", messages: [ASKED] })).json()).toMatchObject({
      choices: [{ message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
    });
  });
});

describe("startOpenAiServer() refuses what OpenAI refuses:", () => {
  const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } };
  const made = { role: "assistant", content: null, tool_calls: [call] };
  test.each<[string, unknown, string]>([
    ["a body that is not JSON", "{", "could not parse"],
    ["no messages", { messages: [] }, "at least one message"],
    ["a role that is none", { messages: [{ role: "boss", content: "x" }] }, "cannot have role"],
    ["a call that is not answered", { messages: [ASKED, made, ASKED] }, "tool calls without an answer: a"],
    ["a call that is not answered at the end", { messages: [ASKED, made] }, "tool calls without an answer: a"],
    ["an answer to no call", { messages: [ASKED, { role: "tool", tool_call_id: "b", content: "x" }] }, "'b' is none"],
    [
      "a call without arguments",
      { messages: [{ ...made, tool_calls: [{ id: "a", function: { name: "f" } }] }] },
      "arguments as text",
    ],
    ["an assistant that says nothing", { messages: [{ role: "assistant", content: null }] }, "content or tool_calls"],
    ["an empty list of tools", { messages: [ASKED], tools: [] }, "at least one tool"],
    [
      "a tool name with a dot",
      { messages: [ASKED], tools: [{ type: "function", function: { name: "a.b" } }] },
      "letters, digits",
    ],
  ])("%s", async (_name, body, words) => {
    await start();
    const response = await post(typeof body === "string" ? body : { model: "test-model", ...(body as object) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining(words), type: "invalid_request_error" },
    });
  });

  test("a wrong key, another path, a model it does not have", async () => {
    await start({ apiKey: "right", models: ["a", "b"] });
    expect((await post({ model: "a", messages: [ASKED] }, { authorization: "Bearer wrong" })).status).toBe(401);
    const headers = { authorization: "Bearer right" };
    expect((await post({ model: "c", messages: [ASKED] }, headers)).status).toBe(404);
    expect((await fetch(`${server?.baseUrl}/nothing`, { headers })).status).toBe(404);
    expect(await (await fetch(`${server?.baseUrl}/models`, { headers })).json()).toMatchObject({
      object: "list",
      data: [{ id: "a" }, { id: "b" }],
    });
  });
});

test("startOpenAiServer() gives each fault to one request, in order, and keeps what it was asked", async () => {
  const { failNext, requests } = await start();
  failNext({ kind: "status", status: 429, retryAfterS: 3 }, { kind: "status", status: 500 });
  const answers = [];
  for (let count = 0; count < 3; count += 1)
    answers.push(await post({ model: "test-model", stream: true, messages: [ASKED] }));
  expect(answers.map((response) => response.status)).toEqual([429, 500, 200]);
  expect(answers[0]?.headers.get("retry-after")).toBe("3");
  expect(requests.length).toBe(3);
  await answers[2]?.text();
});

test("scriptedAnswer() drives a conversation to its end", () => {
  const tools = [{ name: "calculate", description: "", inputSchema: {} }];
  const first = scriptedAnswer([{ role: "user", content: "What is 1+1?" }], tools);
  expect(first.toolCalls).toEqual([{ name: "calculate", arguments: '{"expression":"1+1"}' }]);
  const calls = first.toolCalls.map((call, index) => ({ ...call, id: `x${index}` }));
  const second = scriptedAnswer(
    [
      { role: "user", content: "What is 1+1?" },
      { role: "assistant", content: first.text, toolCalls: calls },
      { role: "tool", toolCallId: "x0", content: '{"status":"SUCCEEDED","output":"2"}' },
    ],
    tools,
  );
  expect(second).toEqual({ text: "1+1 = 2.", toolCalls: [] });
});
