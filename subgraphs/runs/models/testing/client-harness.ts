import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import type { ChatEvent, ModelClient } from "@soma/sdk/model-client";
import { expect } from "vitest";
import { createOpenAiCompatibleClient, type OpenAiCompatibleOptions } from "../openai/client.ts";
import { collect } from "./collect.ts";
import { type Fault, type OpenAiServer, scriptedAnswer, startOpenAiServer } from "./openai-server.ts";

export const KEY = "sk-secret-key-0123456789";
const TOOLS = [{ name: "calculate", description: "d", inputSchema: { type: "object" } }];

/** Servers of a test and clients of theirs; `close` ends every server. */
export function createClientHarness() {
  const closing: (() => Promise<unknown>)[] = [];

  const startHttp = (listener: RequestListener): Promise<string> => listen(createServer(listener), "http");

  async function listen(server: Server | ReturnType<typeof createTcpServer>, scheme: string): Promise<string> {
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return `${scheme}://127.0.0.1:${address.port}/v1`;
  }

  return {
    clientAt(baseUrl: string, changes: Partial<OpenAiCompatibleOptions> = {}): ModelClient {
      const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
      const named = { profile: "test", provider: "test", model: "test-model", apiKey: KEY };
      return createOpenAiCompatibleClient({ ...named, baseUrl, timeoutsMs, ...changes });
    },
    /** Has a server that was started elsewhere ended with the others. */
    closeLater<S extends { close(): Promise<void> }>(server: S): S {
      closing.push(server.close);
      return server;
    },
    async startServer(...faults: Fault[]): Promise<OpenAiServer> {
      const server = await startOpenAiServer({ answer: scriptedAnswer });
      closing.push(server.close);
      server.failNext(...faults);
      return server;
    },
    /** A server that does as it likes. */
    startHttp,
    /** A server that sends these bytes, for what no model server sends on purpose. */
    startRaw: (body: string, headers: Record<string, string> = {}, status = 200): Promise<string> =>
      startHttp((_request, response) => void response.writeHead(status, headers).end(body)),
    /** A server that takes connections and never says a word. */
    startSilent: (): Promise<string> =>
      listen(
        createTcpServer((socket) => void socket.on("error", () => {}).resume()),
        "https",
      ),
    async close(): Promise<void> {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

export function ask(
  client: ModelClient,
  content = "What is 37*12?",
  signal = new AbortController().signal,
): Promise<ChatEvent[]> {
  return collect(client.chat({ messages: [{ role: "user", content }], tools: TOOLS }, signal));
}

export async function errorOf(
  asking: Promise<unknown>,
): Promise<{ code: string; message: string; retryAfterMs: number | null }> {
  const error: unknown = await asking.then(
    () => new Error("the call did not fail"),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
  return error as { code: string; message: string; retryAfterMs: number | null };
}
