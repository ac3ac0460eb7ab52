import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, request as send } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { createLog } from "@soma/shared/log";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createModelFetch } from "./model-fetch.ts";
import { ask, createClientHarness, errorOf } from "./testing/client-harness.ts";

const USER = "ada:pass-word-9";
const AUTH = `Basic ${Buffer.from(USER).toString("base64")}`;

/**
 * A proxy as companies run them: for plain HTTP it forwards, for the rest it opens tunnels; to one place, whatever is
 * asked.
 */
async function startProxy(place: () => { port: number }) {
  const asked: { url: string | undefined; auth: string | undefined }[] = [];
  const refuse = { status: 0 };
  const note = ({ url, headers }: IncomingMessage) => asked.push({ url, auth: headers["proxy-authorization"] });
  const server: Server = createServer((request, response) => {
    note(request);
    if (refuse.status > 0) return void response.writeHead(refuse.status).end();
    const { pathname } = new URL(request.url ?? "");
    const { "proxy-authorization": _auth, ...headers } = request.headers;
    const onward = send({ port: place().port, path: pathname, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.on("connect", (request, socket: Socket) => {
    note(request);
    socket.on("error", () => {});
    if (refuse.status > 0) return void socket.end(`HTTP/1.1 ${refuse.status} No\r\n\r\n`);
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const onward = connect(place().port, "127.0.0.1");
    onward.on("error", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { asked, refuse, url: `http://${USER}@127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

describe("createModelFetch()", () => {
  const harness = createClientHarness();
  let target = { port: 0 };
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeEach(async () => {
    proxy = await startProxy(() => target);
  });
  afterEach(async () => {
    proxy.close();
    await harness.close();
  });

  /** A client of an address that only the proxy knows. */
  const clientAt = (baseUrl: string, env: Record<string, string>) =>
    harness.clientAt(baseUrl, { fetch: createModelFetch(env), apiKey: undefined });

  test("forwards calls over plain HTTP, with the proxy's user for the proxy alone", async () => {
    const server = await harness.startServer();
    target = { port: Number(new URL(server.baseUrl).port) };
    const events = await ask(clientAt("http://model.example/v1", { HTTP_PROXY: proxy.url }));
    expect(events.at(-1)).toMatchObject({ type: "finish" });
    expect(proxy.asked).toEqual([{ url: "http://model.example/v1/chat/completions", auth: AUTH }]);
    expect(server.requests).toHaveLength(1);
  });

  test("tunnels calls over TLS: what goes through the tunnel begins a handshake with the model's own host", async () => {
    const heard = Promise.withResolvers<Buffer>();
    const server = createTcpServer((socket) =>
      socket.once("data", (bytes) => {
        heard.resolve(bytes);
        socket.destroy();
      }),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    target = server.address() as AddressInfo;
    const error = await errorOf(ask(clientAt("https://model.example/v1", { https_proxy: proxy.url })));
    server.close();
    expect(proxy.asked).toEqual([{ url: "model.example:443", auth: AUTH }]);
    const hello = await heard.promise;
    expect([hello[0], hello.includes("model.example"), hello.includes("pass-word-9")]).toEqual([0x16, true, false]);
    expect(error.message).toMatch(
      /cannot be reached at https:\/\/model\.example \(through the proxy http:\/\/127\.0\.0\.1:\d+: /,
    );
  });

  test.each([407, 403])("says that the proxy answered HTTP %i, and to nobody with which user", async (status) => {
    proxy.refuse.status = status;
    const lines: string[] = [];
    const log = createLog({ level: "info", service: "test", destination: { write: (line) => void lines.push(line) } });
    for (const [baseUrl, env] of [
      ["https://model.example/v1", { HTTPS_PROXY: proxy.url }],
      ["http://model.example/v1", { HTTP_PROXY: proxy.url }],
    ] as const) {
      const error = await errorOf(ask(clientAt(baseUrl, env)));
      expect(error.message).toContain(String(status));
      log.error({ err: error }, "a call failed");
    }
    expect(lines).toHaveLength(2);
    expect(lines.join("")).not.toContain("pass-word-9");
    expect(lines.join("")).not.toContain(AUTH.slice(6));
  });

  test("says which proxy is away", async () => {
    proxy.close();
    const error = await errorOf(ask(clientAt("https://model.example/v1", { HTTPS_PROXY: proxy.url })));
    expect(error.code).toBe("UPSTREAM_UNAVAILABLE");
    expect(error.message).toMatch(/\(through the proxy http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\)$/);
  });

  test("asks servers of this machine and those of NO_PROXY directly", async () => {
    const server = await harness.startServer();
    const all = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
    expect((await ask(clientAt(server.baseUrl, all))).at(-1)).toMatchObject({ type: "finish" });
    const error = await errorOf(ask(clientAt("http://model.invalid/v1", { ...all, NO_PROXY: ".invalid" })));
    expect(error.message).toContain("ENOTFOUND");
    expect(proxy.asked).toEqual([]);
  });

  test("keeps the limit of a connection, which is the profile's", async () => {
    const baseUrl = await harness.startSilent();
    const timeoutsMs = { connect: 50, firstToken: 60_000, total: 60_000 };
    const client = harness.clientAt(baseUrl, { fetch: createModelFetch({}), timeoutsMs });
    expect(await errorOf(ask(client))).toMatchObject({
      code: "TIMEOUT",
      message: "test (test-model) could not be connected to within 50 ms",
    });
  });

  test("hears an abort as the caller gave it", async () => {
    const baseUrl = await harness.startSilent();
    const controller = new AbortController();
    const asking = ask(harness.clientAt(baseUrl, { fetch: createModelFetch({}) }), "Hello", controller.signal);
    controller.abort();
    expect((await errorOf(asking)).code).toBe("CANCELED");
  });
});
