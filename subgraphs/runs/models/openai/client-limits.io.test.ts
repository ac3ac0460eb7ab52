import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { ask, createClientHarness, errorOf } from "../testing/client-harness.ts";
import { type Fault, scriptedAnswer, startOpenAiServer } from "../testing/openai-server.ts";

const { clientAt, startServer, startHttp, startSilent, close } = createClientHarness();

afterEach(close);

const chunk = (delta: object, finishReason: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ delta, finish_reason: finishReason }] })}\n\n`;

const STREAM = { "content-type": "text/event-stream" };

/** Sends a piece again and again until whoever listens has left. */
async function repeat(response: ServerResponse, piece: string, everyMs: number): Promise<void> {
  while (!response.destroyed) {
    response.write(piece);
    await sleep(everyMs);
  }
}

describe("createOpenAiCompatibleClient() bounds", () => {
  test("the body of an error that has no end, of which the begin is told", async () => {
    const body = `{"detail":[{"loc":["body","seed"],"msg":"Extra inputs are not permitted","input":"${"x".repeat(99_999)}`;
    const baseUrl = await startHttp((_request, response) => void response.writeHead(422).end(body));
    const error = await errorOf(ask(clientAt(baseUrl)));
    expect(error).toMatchObject({ code: "MODEL_REFUSED", message: expect.stringContaining("Extra inputs are not") });
  });

  test.each<Fault>([{ kind: "hang" }, { kind: "hangInStream" }])("the wait for a first token: $kind", async (fault) => {
    const server = await startServer(fault);
    // The clock of the connection, which would ring first, stands still once there is one.
    const timeoutsMs = { connect: 500, firstToken: 1_000, total: 60_000 };
    const error = await errorOf(ask(clientAt(server.baseUrl, { timeoutsMs })));
    expect(error).toMatchObject({ code: "TIMEOUT", message: "test (test-model) gave no first token within 1000 ms" });
  });

  test("the whole of an answer", async () => {
    const server = await startOpenAiServer({ answer: scriptedAnswer, lineDelayMs: 20 });
    const timeoutsMs = { connect: 1_000, firstToken: 1_000, total: 150 };
    const error = await errorOf(ask(clientAt(server.baseUrl, { timeoutsMs }), "help"));
    await server.close();
    expect(error).toMatchObject({
      code: "TIMEOUT",
      message: "test (test-model) did not finish its answer within 150 ms",
    });
  });

  test("the wait for a connection: a TLS handshake that is never answered", async () => {
    const timeoutsMs = { connect: 60, firstToken: 5_000, total: 5_000 };
    const error = await errorOf(ask(clientAt(await startSilent(), { timeoutsMs })));
    expect(error).toMatchObject({
      code: "TIMEOUT",
      message: "test (test-model) could not be connected to within 60 ms",
    });
  });

  const SILENT = { silence: 80, total: 60_000, words: "gave nothing more of its answer within 80 ms" };
  const ENDLESS = { silence: 60_000, total: 400, words: "did not finish its answer within 400 ms" };
  test.each<[string, string, typeof SILENT]>([
    ["says nothing more", "", SILENT],
    ["sends comments only", ": ping\n\n", SILENT],
    ["sends events without content", chunk({}), SILENT],
    ["sends a line without an end", "x".repeat(9), SILENT],
    ["drips for ever", chunk({ content: "x" }), ENDLESS],
    ["thinks for ever", chunk({ reasoning: "x" }), ENDLESS],
  ])("an answer that has begun and then %s", async (_name, piece, { words, ...limits }) => {
    const baseUrl = await startHttp((_request, response) => {
      response.writeHead(200, STREAM);
      response.write(chunk({ content: "so" }));
      return piece === "" ? undefined : repeat(response, piece, 10);
    });
    const timeoutsMs = { connect: 10_000, firstToken: 60_000, ...limits };
    const error = await errorOf(ask(clientAt(baseUrl, { timeoutsMs })));
    expect(error.code).toBe("TIMEOUT");
    expect(error.message).toContain(words);
  });

  test("what a server sends faster than it means anything", async () => {
    const baseUrl = await startHttp((_request, response) => {
      response.writeHead(200, STREAM);
      const flood = chunk({ content: "x".repeat(5_000) }).repeat(50);
      return repeat(response, flood, 0);
    });
    const error = await errorOf(ask(clientAt(baseUrl, { timeoutsMs: { connect: 1e3, firstToken: 1e4, total: 1e5 } })));
    expect(error).toMatchObject({
      code: "MODEL_FAILED",
      message: "test (test-model): the answer is longer than 1000000 bytes",
    });
  });

  test("the end of a response: a whole answer counts although it is never ended", async () => {
    const baseUrl = await startHttp((_request, response) => {
      response.writeHead(200, STREAM);
      response.write(chunk({ content: "all of it" }) + chunk({}, "stop"));
    });
    const events = await ask(clientAt(baseUrl, { timeoutsMs: { connect: 1e3, firstToken: 1e4, total: 1e5 } }));
    expect(events).toEqual([
      { type: "text", delta: "all of it" },
      { type: "finish", reason: "stop", usage: null },
    ]);
  });

  test("the end of a response: what has a finish in each chunk is not whole when it falls silent", async () => {
    const baseUrl = await startHttp((_request, response) => {
      response.writeHead(200, STREAM);
      response.write(chunk({ content: "the first " }, "stop") + chunk({ content: "half " }, "stop"));
    });
    const timeoutsMs = { connect: 1e3, firstToken: 1e4, silence: 80, total: 1e5 };
    const error = await errorOf(ask(clientAt(baseUrl, { timeoutsMs })));
    expect(error).toMatchObject({ code: "TIMEOUT", message: expect.stringContaining("nothing more of its answer") });
  });

  test("the body of an error: what came of it is told although it is never ended", async () => {
    const baseUrl = await startHttp((_request, response) => void response.writeHead(401).write("no such key"));
    const error = await errorOf(ask(clientAt(baseUrl, { timeoutsMs: { connect: 1e3, firstToken: 1e5, total: 1e5 } })));
    expect(error).toMatchObject({ code: "MODEL_REFUSED", message: expect.stringMatching(/HTTP 401.*: no such key$/) });
  });
});
