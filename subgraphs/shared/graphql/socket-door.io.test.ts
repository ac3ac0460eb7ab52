import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type RawData, WebSocket } from "ws";
import { SomaError } from "../errors.ts";
import { createSilentLog } from "../log.ts";
import { aPrincipal } from "../testing/principals.ts";
import { until } from "../testing/until.ts";
import { createRequestContext } from "./context.ts";
import { type SocketDoorOptions, serveSubscriptions } from "./socket-door.ts";
import { createSubgraphSchema } from "./subgraph-schema.ts";

const MIB = 1_048_576;
const INIT = { type: "connection_init", payload: { token: "good" } };
const pingOf = (bytes: number) => ({ type: "ping", payload: { text: "x".repeat(bytes) } });

describe("serveSubscriptions()", () => {
  let server: Server;
  let url: string;
  const closers: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function start(limits: SocketDoorOptions["limits"], host = "127.0.0.1"): Promise<void> {
    server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    const log = createSilentLog();
    const end = serveSubscriptions({
      server,
      host,
      schema: createSubgraphSchema("type Query { one: Int }", { Query: { one: () => 1 } }),
      async contextFor(token) {
        if (token !== "good") throw new SomaError("UNAUTHENTICATED", "the internal token is missing");
        return createRequestContext({ principal: aPrincipal(), requestId: "1", log });
      },
      log,
      ...(limits === undefined ? {} : { limits }),
    });
    closers.push(
      () => void server.close(),
      () => end(),
    );
  }

  /** A WebSocket of nobody yet; it answers no ping. */
  async function connect(headers: Record<string, string> = {}) {
    const socket = new WebSocket(url, "graphql-transport-ws", { headers, autoPong: false });
    closers.push(() => socket.terminate());
    const heard: unknown[] = [];
    socket.on("error", () => {});
    socket.on("message", (data: RawData) => void heard.push(JSON.parse(String(data))));
    socket.on("pong", (data: Buffer) => void heard.push(`pong ${data}`));
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await once(socket, "open");
    return { socket, heard, closed, say: (message: unknown) => socket.send(JSON.stringify(message)) };
  }
  const connections = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );

  it("answers no ping of any kind before it knows who asks, and then each", async () => {
    await start({});
    const { socket, heard, say } = await connect();
    socket.ping("early");
    say(pingOf(100));
    say(INIT);
    await until("it is let in", () => heard.length > 0);
    socket.ping("late");
    say(pingOf(1));
    await until("both are answered", () => heard.length === 3);
    expect(heard).toEqual([{ type: "connection_ack" }, "pong late", { type: "pong", payload: { text: "x" } }]);
  });

  const floods: [string, (peer: { socket: WebSocket; say(message: unknown): void }) => void][] = [
    ["one large message", ({ say }) => say(pingOf(20_000))],
    ["a large introduction", ({ say }) => say({ ...INIT, payload: { token: "good", more: "x".repeat(2 * MIB) } })],
    ["many pings of WebSockets", ({ socket }) => void Array.from({ length: 100 }, () => socket.ping("x".repeat(125)))],
    ["many pings of the protocol", ({ say }) => void Array.from({ length: 100 }, () => say(pingOf(125)))],
    ["a message without an end", ({ socket }) => socket.send("x".repeat(20_000), { fin: false })],
  ];
  it.each(floods)("ends who sends %s without saying who it is", async (_name, flood) => {
    await start({ introductionMs: 60_000 });
    const peer = await connect();
    flood(peer);
    // Without a word: a close of ours would be an answer, and wait for one.
    expect(await peer.closed).toBe(1006);
    expect(peer.heard).toEqual([]);
    await until("nothing is left of it", async () => (await connections()) === 0);
  });

  it("takes large messages of those it knows", async () => {
    await start({});
    const { heard, say } = await connect();
    say(INIT);
    await until("it is let in", () => heard.length === 1);
    say(pingOf(100_000));
    await until("it is answered", () => heard.length === 2);
  });

  it("keeps nobody out who introduces itself, however many there are that do not: the oldest of them leave", async () => {
    await start({ strangers: { count: 10, bytes: 8_192 }, introductionMs: 60_000 });
    const known = await connect();
    known.say(INIT);
    await until("it is let in", () => known.heard.length === 1);
    const strangers: Awaited<ReturnType<typeof connect>>[] = [];
    for (let index = 0; index < 30; index += 1) strangers.push(await connect());
    await Promise.all(strangers.slice(0, 20).map(({ closed }) => closed));
    expect(strangers.slice(20).map(({ socket }) => socket.readyState)).toEqual(Array(10).fill(WebSocket.OPEN));
    const late = await connect();
    for (const peer of [late, ...strangers.slice(25)]) {
      peer.say(INIT);
      await until("it is let in", () => peer.heard.length === 1);
    }
    expect(known.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("closes who says nothing, and who says nothing true", async () => {
    await start({ introductionMs: 100 });
    const [silent, liar, odd] = [await connect(), await connect(), await connect()];
    liar.say({ ...INIT, payload: { token: "bad" } });
    odd.say({ type: "complete", id: "1" });
    odd.say({ type: "connection_ack" });
    expect([await silent.closed, await liar.closed, await odd.closed]).toEqual([4408, 4401, 4401]);
  });

  const unread: [string, (id: number) => unknown][] = [
    ["pings", () => pingOf(60_000)],
    ["operations", (id) => ({ id: `${id}`, type: "subscribe", payload: { query: `{ one ${"x".repeat(60_000)} }` } })],
  ];
  it.each(unread)("ends who leaves the answers to its %s unread", async (_name, ask) => {
    await start({});
    const { socket, heard, say } = await connect();
    say(INIT);
    await until("it is let in", () => heard.length === 1);
    socket.pause();
    for (let id = 0; id < 1_000; id += 1) say(ask(id));
    const asked = socket.bufferedAmount;
    let least = asked;
    await until("it is ended", async () => {
      const ended = (await connections()) === 0;
      if (!ended) least = Math.min(least, socket.bufferedAmount);
      return ended;
    });
    // What the two kernels hold is theirs: a few MiB in each direction.
    expect(least).toBeGreaterThan(asked - 20 * MIB);
  });

  it("keeps nobody for pongs that were not asked for", async () => {
    await start({ keepAliveMs: 100 });
    const { socket, say } = await connect();
    say(INIT);
    await until("it is dropped", async () => {
      if (socket.readyState === WebSocket.OPEN) socket.pong("here");
      return (await connections()) === 0;
    });
  });

  it("refuses a page whose name was made to point at this machine, where only this machine may ask", async () => {
    await start({});
    await expect(connect({ host: "evil.example" })).rejects.toThrow("421");
    await connect({ host: "localhost:4711" });
  });

  it("goes by any name where others may ask", async () => {
    await start({}, "0.0.0.0");
    await connect({ host: "runs.soma.svc" });
  });
});
