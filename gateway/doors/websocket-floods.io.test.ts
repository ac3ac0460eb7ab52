import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { GatewayLimits } from "../ground/limits.ts";
import { createLab, type Lab, RUNTIMES } from "../testing/lab.ts";

const MIB = 1_048_576;
const STEPS = { query: 'subscription { steps(runId: "7") { seq } }' };

describe.each(RUNTIMES)("a WebSocket of somebody who means no good, on %s", (on) => {
  let lab: Lab;
  const open: WebSocket[] = [];
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.terminate();
    await lab.close();
  });

  async function start(limits: Partial<GatewayLimits>): Promise<void> {
    lab = await createLab(limits, { on });
  }
  /** A WebSocket that answers no ping unless it wants to. */
  async function connect(init?: { token: string }): Promise<WebSocket> {
    const socket = new WebSocket(lab.wsUrl, "graphql-transport-ws", { autoPong: false });
    open.push(socket);
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("open", resolve));
    if (init === undefined) return socket;
    socket.send(JSON.stringify({ type: "connection_init", payload: init }));
    await new Promise((resolve) => socket.once("message", resolve));
    return socket;
  }

  const pingMessage = JSON.stringify({ type: "ping", payload: { text: "x".repeat(60_000) } });
  const nonsense = (id: number) =>
    JSON.stringify({ id: String(id), type: "subscribe", payload: { query: `{ ${"x".repeat(60_000)} }` } });
  it.each<[string, (socket: WebSocket, index: number) => void, number]>([
    ["pings of the protocol", (socket) => socket.send(pingMessage), 1_000],
    ["pings of WebSockets", (socket) => socket.ping("x".repeat(125)), 400_000],
    ["refused operations", (socket, index) => socket.send(nonsense(index)), 1_000],
  ])("is read no further while it leaves the answers to its %s unread, and ends", async (_name, ask, times) => {
    await start({ messageBurst: 1e9, operationsPerConnection: 1e4, unreadMs: 400, keepAliveMs: 60_000 });
    const socket = await connect({ token: await lab.token() });
    socket.pause();
    for (let index = 0; index < times; index += 1) ask(socket, index);
    const asked = socket.bufferedAmount;
    let least = asked;
    await until("it is ended", async () => {
      // As it was when it surely was connected: whose connection has ended has nothing left to send.
      const left = socket.bufferedAmount;
      const ended = (await lab.load()).connections === 0;
      if (!ended) least = Math.min(least, left);
      return ended;
    });
    // What the two kernels hold is theirs: a few MiB in each direction.
    expect(least).toBeGreaterThan(asked - 20 * MIB);
    // What it never read is no fault of ours that an operator has to look at.
    expect((await lab.seen()).logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it("ends sooner when it has not introduced itself", async () => {
    await start({ messageBurst: 1e9, unreadMs: 60_000, keepAliveMs: 60_000, connectionInitMs: 60_000 });
    const socket = await connect();
    socket.pause();
    for (let index = 0; index < 1_000; index += 1) socket.send(pingMessage);
    await until("it is ended", async () => (await lab.load()).connections === 0);
  });

  it("is heard no faster than it may ask, and nobody else is slowed", async () => {
    await start({ messageBurst: 5, messagesPerSecond: 0.001, keepAliveMs: 60_000 });
    const [fast, other] = [await connect({ token: await lab.token() }), await connect({ token: await lab.token() })];
    const pong = (socket: WebSocket) => new Promise((resolve) => socket.once("pong", resolve));
    // The fifth takes what is left of the allowance, the sixth overdraws it.
    for (let index = 0; index < 5; index += 1) {
      fast.ping();
      await pong(fast);
    }
    let heard = 0;
    fast.on("pong", () => (heard += 1));
    fast.ping();
    for (let index = 0; index < 4; index += 1) {
      other.ping();
      await pong(other);
    }
    expect(heard).toBe(0);
  });

  it("is not kept alive by pongs that nobody asked for", async () => {
    await start({ keepAliveMs: 100 });
    const socket = await connect({ token: await lab.token() });
    await until("it is dropped", async () => {
      if (socket.readyState === WebSocket.OPEN) socket.pong("here");
      return (await lab.load()).connections === 0;
    });
  });

  it("keeps nobody out who introduces itself, however many there are that do not", async () => {
    await start({ strangers: 10, strangersPerNetwork: 10, connections: 3, connectionInitMs: 60_000 });
    const strangers = await Promise.all(Array.from({ length: 60 }, () => connect()));
    expect((await lab.load()).strangers).toBeLessThanOrEqual(40);
    const signedIn = await Promise.all([1, 2, 3].map(async () => lab.openSocket()));
    for (const { messages } of signedIn) expect(messages).toEqual([{ type: "connection_ack" }]);
    await until(
      "the oldest have left",
      () => strangers.filter(({ readyState }) => readyState === WebSocket.CLOSED).length >= 20,
    );
    await expect(lab.openSocket()).rejects.toThrow("429");
  });

  it("lets no more stay than may, also of those who came first and introduced themselves later", async () => {
    await start({ connections: 3, connectionInitMs: 60_000 });
    const sockets = await Promise.all([1, 2, 3, 4, 5].map(() => connect()));
    const codes: number[] = [];
    let welcome = 0;
    const token = await lab.token();
    for (const socket of sockets) {
      socket.on("message", () => (welcome += 1));
      socket.on("close", (code) => codes.push(code));
      socket.send(JSON.stringify({ type: "connection_init", payload: { token } }));
    }
    await until("all have their answer", () => welcome + codes.length === 5);
    expect([welcome, codes]).toEqual([3, [1013, 1013]]);
    await until("the others are gone", async () => (await lab.load()).connections === 3);
    await expect(lab.openSocket()).rejects.toThrow("429");
    sockets.find(({ readyState }) => readyState === WebSocket.OPEN)?.close();
    await until("there is room again", async () => (await lab.load()).connections === 2);
    expect((await lab.openSocket()).messages).toEqual([{ type: "connection_ack" }]);
  });

  it("has as many connections as one caller may, and leaves those of others alone", async () => {
    await start({ connectionsPerCaller: 2 });
    const mine = [await lab.openSocket(), await lab.openSocket(), await lab.openSocket()];
    expect(await mine[2]?.closed).toMatchObject({ code: 1013, reason: expect.stringContaining("2 connections") });
    const other = await lab.openSocket({ init: { token: await lab.token({ subject: "user:eve" }) } });
    expect(other.messages).toEqual([{ type: "connection_ack" }]);
    mine[0]?.close();
    await until("there is room again", async () => {
      const again = await lab.openSocket();
      return again.messages.length === 1;
    });
  });

  it("has as many subscriptions as one caller may, on all connections together", async () => {
    await start({ subscriptionsPerCaller: 2 });
    const [one, two] = [await lab.openSocket(), await lab.openSocket()];
    one.send({ id: "1", type: "subscribe", payload: STEPS });
    two.send({ id: "1", type: "subscribe", payload: STEPS });
    await until("both stream", () => lab.state.open === 2);
    two.send({ id: "2", type: "subscribe", payload: STEPS });
    const refused = await until("the third is refused", () => two.messages.find(({ type }) => type === "error"));
    expect(refused).toMatchObject({
      id: "2",
      payload: [
        { extensions: { code: "LIMIT_EXCEEDED", retryAfterMs: 250, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) } },
      ],
    });
    one.close();
    await until("the first is gone", () => lab.state.open === 1);
    two.send({ id: "3", type: "subscribe", payload: STEPS });
    await until("there is room again", () => lab.state.open === 2);
  });
});
