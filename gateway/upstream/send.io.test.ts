import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUndiciSend } from "../node/undici-send.ts";
import { createFetchSend } from "./send.ts";

describe.each([
  ["createFetchSend()", (maxBytes?: number) => ({ send: createFetchSend(maxBytes), close: async () => {} })],
  ["createUndiciSend()", createUndiciSend],
])("%s", (_name, create) => {
  let base: string;
  let aborted = 0;
  const server = createServer(async (request, response) => {
    response.on("close", () => {
      if (!response.writableFinished) aborted += 1;
    });
    if (request.url === "/never") return;
    let body = "";
    for await (const chunk of request) body += String(chunk);
    response
      .writeHead(Number(request.headers["x-status"] ?? 200))
      .end(JSON.stringify({ method: request.method, url: request.url, body, who: request.headers.authorization }));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const { signal } = new AbortController();

  it("sends method, path, headers and body, and reads status and answer whatever the status", async () => {
    const { send, close } = create();
    const headers = { authorization: "Bearer a", "x-status": "503" };
    const answer = await send({ method: "POST", url: `${base}/graphql?q=1`, headers, body: "zwölf", signal });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      503,
      { method: "POST", url: "/graphql?q=1", body: "zwölf", who: "Bearer a" },
    ]);
    expect(JSON.parse((await send({ method: "GET", url: base, signal })).body)).toMatchObject({
      method: "GET",
      url: "/",
    });
    await close();
  });

  it("gives up with the signal's reason, and tells the other side", async () => {
    const { send, close } = create();
    const before = aborted;
    const stop = new AbortController();
    const sending = send({ method: "GET", url: `${base}/never`, signal: stop.signal });
    setTimeout(() => stop.abort(new DOMException("too late", "TimeoutError")), 30);
    await expect(sending).rejects.toMatchObject({ name: "TimeoutError" });
    await expect.poll(() => aborted).toBe(before + 1);
    await expect(send({ method: "GET", url: base, signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow(
      "before",
    );
    await close();
  });

  it("rejects when nobody is there, and for answers without end", async () => {
    const { send, close } = create(10);
    await expect(send({ method: "GET", url: "http://127.0.0.1:9/", signal })).rejects.toThrow();
    await expect(send({ method: "GET", url: base, signal })).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await close();
  });
});
