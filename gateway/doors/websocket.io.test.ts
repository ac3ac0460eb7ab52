import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES, read } from "../testing/lab.ts";

const STEPS = { query: 'subscription { steps(runId: "7") { seq } }' };

describe.each(RUNTIMES)("createWebSocketDoor() on %s", (on) => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab(
      { connectionInitMs: 500, drainMs: 2_000, operationsPerConnection: 3, connections: 3, keepAliveMs: 150 },
      { on },
    );
  });
  afterEach(() => lab.close());

  it("takes a token from the introduction, from the cookie, or from the header of the upgrade", async () => {
    const token = await lab.token();
    const ways = [
      { init: { token } },
      { init: {}, headers: { cookie: `a=b; soma_session=${token}` } },
      { init: {}, headers: { authorization: `Bearer ${token}` } },
    ];
    for (const way of ways) {
      const socket = await lab.openSocket(way);
      expect(socket.messages).toEqual([{ type: "connection_ack" }]);
      socket.close();
      await socket.closed;
    }
  });

  it("closes with 4401 for a token that will never do", async () => {
    for (const init of [{}, { token: "nonsense" }, { token: await lab.token({}, -60) }]) {
      const socket = await lab.openSocket({ init });
      expect(await socket.closed).toMatchObject({ code: 4401 });
      expect(socket.messages).toEqual([]);
    }
  });

  it("closes what does not speak the protocol", async () => {
    const silent = await lab.openSocket({ init: null });
    const early = await lab.openSocket({ init: null });
    early.send({ id: "1", type: "subscribe", payload: STEPS });
    expect((await early.closed).code).toBe(4401);
    expect((await silent.closed).code).toBe(4408);
    const babbling = await lab.openSocket();
    babbling.send("{ not json");
    expect((await babbling.closed).code).toBe(4400);
    const twice = await lab.openSocket();
    twice.send({ type: "connection_init" });
    expect((await twice.closed).code).toBe(4429);
  });

  it("closes a socket that sends a message over the limit", async () => {
    const socket = await lab.openSocket();
    socket.send({ type: "ping", payload: { text: "x".repeat(70_000) } });
    expect((await socket.closed).code).toBe(1009);
  });

  it("refuses pages of other sites before the upgrade", async () => {
    const host = new URL(lab.url).host;
    await expect(lab.openSocket({ headers: { origin: "https://evil.test" } })).rejects.toThrow("403");
    await expect(lab.openSocket({ headers: { origin: "null" } })).rejects.toThrow("403");
    const socket = await lab.openSocket({ headers: { origin: `http://${host}` } });
    expect(socket.messages).toEqual([{ type: "connection_ack" }]);
  });

  it("refuses an upgrade elsewhere, and one too many", async () => {
    const { WebSocket } = await import("ws");
    const elsewhere = new WebSocket(`${lab.wsUrl}-not`, "graphql-transport-ws");
    await expect(new Promise((_resolve, reject) => elsewhere.once("error", reject))).rejects.toThrow("404");
    for (let count = 0; count < 3; count += 1) await lab.openSocket();
    await expect(lab.openSocket()).rejects.toThrow("429");
  });

  it("refuses another subprotocol", async () => {
    await expect(
      lab.openSocket({ protocol: "graphql-ws", init: null }).then((socket) => socket.closed),
    ).rejects.toThrow("subprotocol");
  });

  it("limits the operations of one connection, and counts those that ended no more", async () => {
    const socket = await lab.openSocket();
    for (const id of ["1", "2", "3", "4"]) socket.send({ id, type: "subscribe", payload: STEPS });
    await until("the fourth is refused", () => socket.messages.find(({ type }) => type === "error"));
    expect(socket.messages.at(-1)).toMatchObject({
      id: "4",
      payload: [{ extensions: { code: "LIMIT_EXCEEDED", retryable: true } }],
    });
    socket.send({ id: "2", type: "complete" });
    socket.send({ id: "5", type: "subscribe", payload: STEPS });
    await until(
      "there is room for another",
      async () => lab.state.open === 3 && (await lab.load()).subscriptions === 3,
    );
    expect(socket.messages.filter(({ type }) => type === "error")).toHaveLength(1);
  });

  it("lets a client use an id again", async () => {
    const socket = await lab.openSocket();
    for (let round = 1; round <= 5; round += 1) {
      socket.send({ id: "1", type: "subscribe", payload: STEPS });
      await until("it streams", () => lab.state.open === 1);
      socket.send({ id: "1", type: "complete" });
      await until("it is gone", async () => lab.state.open === 0 && (await lab.load()).subscriptions === 0);
    }
    expect(socket.messages).toEqual([{ type: "connection_ack" }]);
  });

  it("ends a connection when its token expires, each subscription with TOKEN_EXPIRED, and lets no new one in", async () => {
    const socket = await lab.openSocket({ init: { token: await lab.token({}, 1) } });
    socket.send({ id: "1", type: "subscribe", payload: STEPS });
    socket.send({ id: "2", type: "subscribe", payload: { query: "{ slow(ms: 1200) }" } });
    await until("the subscription ended", () => socket.messages.some(({ id }) => id === "1"));
    socket.send({ id: "3", type: "subscribe", payload: STEPS });
    const { code, reason } = await socket.closed;
    const expired = { type: "error", payload: [{ extensions: { code: "TOKEN_EXPIRED", retryable: false } }] };
    expect(socket.messages.slice(1)).toMatchObject([
      { id: "1", ...expired },
      { id: "3", ...expired },
      { id: "2", type: "next", payload: { data: { slow: "at last" } } },
      { id: "2", type: "complete" },
    ]);
    expect([code, reason]).toEqual([4403, expect.stringContaining("expired")]);
    await until("the subgraph was told", () => lab.state.open === 0);
  });

  it("drains: a last error for each subscription, an answer for each query, then 1012", async () => {
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: STEPS });
    socket.send({ id: "2", type: "subscribe", payload: { query: "{ slow(ms: 200) }" } });
    await until("both run", async () => lab.state.open === 1 && (await lab.load()).operations === 1);
    await lab.closeGateway();
    expect(await socket.closed).toMatchObject({ code: 1012 });
    const of = (id: string) => socket.messages.filter((message) => message.id === id);
    expect(of("1")).toMatchObject([
      { type: "error", payload: [{ extensions: { code: "SERVER_DRAINING", retryable: true } }] },
    ]);
    expect(of("2")).toMatchObject([{ type: "next", payload: { data: { slow: "at last" } } }, { type: "complete" }]);
    await until("the subgraph was told", () => lab.state.open === 0);
  });

  it("keeps a quiet connection open by pings and drops one that does not answer", async () => {
    const reading = read(lab.connect(), STEPS.query);
    const dead = await lab.openSocket();
    dead.pause();
    await until("the dead one is dropped", async () => (await lab.load()).connections === 1);
    lab.state.publish();
    await until("the living one still hears", () => reading.results.length === 1);
  });
});
