import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import type { GatewayLimits } from "../ground/limits.ts";
import { createUnread } from "../ground/unread.ts";
import { createLab, type Lab, RUNTIMES } from "../testing/lab.ts";
import { boundWaiting } from "./bound-waiting.ts";

const HEAD = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
const MUCH = 16_000_000;
const UPGRADE =
  "GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const GET = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

describe.each(RUNTIMES)("boundWaiting() on %s", (on) => {
  let lab: Lab;
  const open: Socket[] = [];
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    await lab.close();
  });

  async function start(limits: Partial<GatewayLimits>): Promise<void> {
    lab = await createLab(limits, { on });
  }
  async function dial(text: string, options = {}): Promise<Socket> {
    const socket = connect({ port: Number(new URL(lab.url).port), host: "127.0.0.1", ...options });
    open.push(socket);
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("connect", resolve));
    if (text !== "") socket.write(text);
    return socket;
  }

  it.each([
    ["say nothing", ""],
    ["send half a head", HEAD],
    ["send half a body", `${HEAD}content-length: 50000\r\n\r\n{`],
    ["drip a body of no length", `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`],
    ["keep their connection for later", GET],
    ["keep it when they were answered unread", "PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello"],
  ])("ends the oldest of those that %s, and serves everybody else", async (_name, text) => {
    // Four times as many are far too many, whenever they came.
    await start({ waiting: 20, waitingPerNetwork: 10 });
    const sockets: Socket[] = [];
    for (let count = 0; count < 60; count += 1) {
      const socket = await dial(text);
      sockets.push(socket);
      socket.resume();
    }
    await until("the oldest have ended", () => sockets.filter(({ closed }) => closed).length >= 20);
    expect(sockets.slice(20).filter(({ closed }) => closed).length).toBeLessThanOrEqual(1);
    const answer = await lab.post({ query: '{ echo(value: "heard") }' });
    expect(answer.data).toEqual({ echo: "heard" });
  });

  it("keeps a connection that was answered before, however many come that ask nothing", async () => {
    await start({ waiting: 5, waitingPerNetwork: 5 });
    const known = await dial(GET);
    await new Promise((resolve) => known.once("data", resolve));
    for (let count = 0; count < 60; count += 1) await dial("");
    known.write(GET);
    await new Promise((resolve) => known.once("data", resolve));
  });

  it("counts a connection once, however many requests it sends at a time", async () => {
    await start({ waiting: 5, waitingPerNetwork: 5 });
    const many = await dial(GET.repeat(100));
    let heard = "";
    many.on("data", (chunk) => (heard += String(chunk)));
    await until("they are answered", () => heard.split("200 OK").length === 101);
    const known = await dial(GET);
    await new Promise((resolve) => known.once("data", resolve));
    known.write(GET);
    await new Promise((resolve) => known.once("data", resolve));
    expect(known.closed).toBe(false);
  });

  it("leaves a client that was refused its WebSocket nothing to keep open", async () => {
    await start({});
    const refused = await dial(UPGRADE, { allowHalfOpen: true });
    await new Promise((resolve) => refused.once("end", resolve).resume());
    // What is sent to a socket that is gone is answered with a reset.
    const reset = new Promise((resolve) => refused.once("error", resolve));
    await until("it is gone", () => {
      refused.write("x");
      return refused.destroyed;
    });
    expect(await reset).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
  });

  it("lets those whose request is being worked on be", async () => {
    await start({ waiting: 5, waitingPerNetwork: 5 });
    const slow = lab.post({ query: "{ slow(ms: 1000) }" });
    await until("it runs", async () => (await lab.load()).operations === 1);
    for (let count = 0; count < 60; count += 1) await dial("");
    expect((await slow).data).toEqual({ slow: "at last" });
  });
});

describe("an answer that waits to be read", () => {
  let server: Server;
  const unread = createUnread({ unreadBytesOfAll: 1e9 }, () => {});
  const open: Socket[] = [];
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
    server.close();
  });

  /** A client that asked for 16 MB and does not read. */
  async function ask(): Promise<Socket> {
    server = createServer();
    boundWaiting(server, { limits: { waiting: 5, waitingPerNetwork: 5, unreadMs: 1_000 }, unread });
    server.on("request", (_request, response) => response.end(Buffer.alloc(MUCH)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    open.push(socket);
    socket.on("error", () => {});
    socket.write(GET);
    await until("it waits to be read", () => unread.bytes() > 1_000_000);
    return socket;
  }

  it("ends its connection when nobody reads any of it", async () => {
    const socket = await ask();
    await until("it is ended", () => unread.bytes() === 0);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    await closed;
    expect(socket.bytesRead).toBeLessThan(MUCH);
  });

  it("is read to its end by somebody slow, however long that takes", async () => {
    const socket = await ask();
    const beganAtMs = performance.now();
    const drip = setInterval(() => socket.read(), 20);
    await until("it is read", () => unread.bytes() === 0, 30_000);
    clearInterval(drip);
    expect(performance.now() - beganAtMs).toBeGreaterThan(1_000);
    socket.resume();
    await until("all is here", () => socket.bytesRead > MUCH);
  }, 60_000);
});
