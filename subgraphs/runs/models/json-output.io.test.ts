import { describeOutput, readOutput, toJsonOutput } from "@soma/sdk/json-output";
import type { ChatEvent, ModelClient } from "@soma/sdk/model-client";
import { afterEach, describe, expect, test } from "vitest";
import { createAiSdkClient } from "./ai-sdk/client.ts";
import { NOTE_OF } from "./http/quirks.ts";
import { createClientHarness, errorOf, KEY } from "./testing/client-harness.ts";
import { deepseek } from "./testing/doors/thinking.ts";
import { startModelServer } from "./testing/model-server.ts";

const { clientAt, startServer, startHttp, closeLater, close } = createClientHarness();

afterEach(close);

const output = toJsonOutput({ name: "sum", schema: { type: "object", properties: {}, additionalProperties: false } });
const NOTE = { type: "note", text: NOTE_OF.NO_JSON_SCHEMA };

function ask(client: ModelClient): Promise<ChatEvent[]> {
  const messages = [{ role: "user" as const, content: describeOutput(output) }];
  return Array.fromAsync(client.chat({ messages, tools: [], output }, new AbortController().signal));
}

function textOf(events: readonly ChatEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.delta : "")).join("");
}

const answer = () => ({ text: "{}", toolCalls: [] });

describe("JSON of a server that takes no schema", () => {
  test("is asked for in words alone once it says so, and from then on", async () => {
    const server = closeLater(await startModelServer(deepseek(), { answer, apiKey: KEY }));
    const client = clientAt(server.baseUrl);
    for (let times = 0; times < 2; times += 1) {
      const events = await ask(client);
      expect(readOutput(textOf(events), output)).toEqual({ isFit: true, value: {} });
      expect(events).toContainEqual(NOTE);
    }
    expect(server.requests.map((body) => "response_format" in body)).toEqual([true, false, false]);
  });

  test("is asked for so from the begin where its profile says json: false", async () => {
    const server = await startServer();
    await ask(clientAt(server.baseUrl, { capabilities: { json: false } }));
    expect(server.requests.map((body) => "response_format" in body)).toEqual([false]);
  });

  test("is asked for in the same way by packages of the AI SDK", async () => {
    const bodies: string[] = [];
    const baseURL = await startHttp(async (request, response) => {
      const body = (await Array.fromAsync(request.setEncoding("utf8"))).join("");
      bodies.push(body);
      if (body.includes("responseMimeType")) {
        const message = "Function calling with a response mime type: 'application/json' is unsupported";
        return void response.writeHead(400).end(JSON.stringify({ error: { code: 400, message, status: "X" } }));
      }
      const said = { candidates: [{ content: { role: "model", parts: [{ text: "{}" }] }, finishReason: "STOP" }] };
      return void response
        .writeHead(200, { "content-type": "text/event-stream" })
        .end(`data: ${JSON.stringify(said)}\n\n`);
    });
    const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
    const named = { profile: "test", provider: "ai-sdk", model: "m", package: "@ai-sdk/google", secrets: [KEY] };
    const client = createAiSdkClient({ ...named, settings: { apiKey: KEY, baseURL }, timeoutsMs });
    for (let times = 0; times < 2; times += 1) expect(await ask(client)).toContainEqual(NOTE);
    expect(bodies.map((body) => body.includes("responseMimeType"))).toEqual([true, false, false]);
  });
});

test("A schema that is wrong in itself is refused with the server's words, and the server is asked once", async () => {
  const server = await startServer({
    ...{ kind: "status", status: 400 },
    message: "Invalid schema for response_format 'sum': schema must be of type object.",
  });
  expect(await errorOf(ask(clientAt(server.baseUrl)))).toMatchObject({
    code: "MODEL_REFUSED",
    message: expect.stringContaining("Invalid schema for response_format 'sum'"),
  });
  expect(server.requests).toHaveLength(1);
});
