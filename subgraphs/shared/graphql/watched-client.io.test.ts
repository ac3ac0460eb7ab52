import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aPrincipal } from "../testing/principals.ts";
import { until } from "../testing/until.ts";
import { createServiceClient } from "./service-client.ts";
import { createWatchedClient } from "./watched-client.ts";

const HALF_AN_UPGRADE = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n";

describe("createWatchedClient()", () => {
  let server: Server;
  let url: string;
  let say = "";
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      socket.on("data", () => void socket.write(say));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const silences: [string, string][] = [
    ["says nothing at all", ""],
    ["says half of what opens a WebSocket", HALF_AN_UPGRADE],
  ];

  it.each(silences)("gives a peer up that takes the connection and %s", async (_name, saying) => {
    say = saying;
    const client = createWatchedClient({
      url,
      connectionParams: async () => ({}),
      handshakeMs: 100,
      keepAliveMs: 60_000,
    });
    const error = await new Promise((resolve) =>
      client.subscribe(
        { query: "subscription { x }" },
        { next: () => {}, error: resolve, complete: () => resolve("over") },
      ),
    );
    expect(error).toMatchObject({ code: 4499 });
    await until("the connection is gone", () => sockets.size === 0);
  });

  it.each(silences)("leaves a peer at once that %s when nobody asks any more", async (_name, saying) => {
    say = saying;
    const client = createWatchedClient({
      url,
      connectionParams: async () => ({}),
      handshakeMs: 60_000,
      keepAliveMs: 60_000,
    });
    const stop = client.subscribe(
      { query: "subscription { x }" },
      { next: () => {}, error: () => {}, complete: () => {} },
    );
    await until("it is being made", () => sockets.size === 1);
    stop();
    client.leave();
    await until("the connection is gone", () => sockets.size === 0);
  });

  it("ends a subscription between services as UNAVAILABLE, or as canceled by who asked", async () => {
    const peer = createServiceClient({ peer: "tools", url, sign: async () => "token" });
    const ask = (call: { timeoutMs?: number; signal?: AbortSignal }) =>
      peer.subscribe("subscription { x }", {}, { principal: aPrincipal(), ...call }).next();
    await expect(ask({ timeoutMs: 100 })).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    const controller = new AbortController();
    const answer = ask({ timeoutMs: 60_000, signal: controller.signal });
    await until("it is being made", () => sockets.size === 1);
    controller.abort();
    await Promise.allSettled([answer]);
    await until("the connection is gone", () => sockets.size === 0);
    const late = ask({ timeoutMs: 60_000, signal: AbortSignal.abort() });
    await expect(late).rejects.toMatchObject({ code: "CANCELED" });
    expect(sockets.size).toBe(0);
  });
});
