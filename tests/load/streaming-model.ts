import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that speaks chat completions, and says chunk after chunk what it is given. */
interface StreamingModel {
  baseUrl: string;
  close(): void;
}

/** Begins an answer for each request that `chunksOf` gives; what stands in the way of the reader is waited for. */
export async function startStreamingModel(chunksOf: () => AsyncIterable<string>): Promise<StreamingModel> {
  const server = createServer(async (request, response) => {
    if (request.method !== "POST") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: [{ id: "streams", object: "model" }] }));
      return;
    }
    for await (const _body of request);
    response.setHeader("content-type", "text/event-stream");
    for await (const content of chunksOf()) await say(response, { content });
    await say(response, {}, "stop");
    response.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { baseUrl: `http://127.0.0.1:${port}/v1`, close };
}

async function say(response: ServerResponse, delta: object, finish: string | null = null): Promise<void> {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const body = { id: "c", object: "chat.completion.chunk", created: 1, model: "streams", choices };
  if (response.write(`data: ${JSON.stringify(body)}\n\n`) || response.destroyed) return;
  const either = new AbortController();
  const { signal } = either;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  // What did not come is not waited for any more.
  either.abort();
}
