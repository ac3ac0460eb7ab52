import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { openUpstream } from "./open-upstream.ts";

/** A subgraph's socket that does exactly what a test says. */
type Behaviour = (message: { id?: string; type: string }, socket: WebSocket) => void;

const reply = (socket: WebSocket, message: unknown): void => socket.send(JSON.stringify(message));
const acknowledge: Behaviour = ({ type }, socket) => {
  if (type === "connection_init") reply(socket, { type: "connection_ack" });
};

describe("openUpstream()", () => {
  let server: WebSocketServer;
  let behave: Behaviour;
  const got: { type: string; payload?: unknown }[] = [];
  beforeEach(async () => {
    got.length = 0;
    server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
    server.on("connection", (socket) =>
      socket.on("message", (data) => {
        const message = JSON.parse(String(data)) as { type: string };
        got.push(message);
        behave(message, socket);
      }),
    );
    await once(server, "listening");
  });
  afterEach(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  function open(limits = { keepAliveMs: 10_000, connectionInitMs: 1_000 }) {
    const heard: { events: unknown[]; error?: unknown; completed: number; stop(): void } = {
      events: [],
      completed: 0,
      stop: () => {},
    };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    heard.stop = openUpstream(
      {
        url,
        query: "subscription { x }",
        variables: { after: 3 },
        connectionParams: async () => ({ token: "t" }),
        limits,
      },
      {
        next: (event) => void heard.events.push(event),
        error: (error) => {
          heard.error = error;
        },
        complete: () => {
          heard.completed += 1;
        },
      },
    );
    return heard;
  }

  it("introduces itself, asks, and hands on what comes until it is complete", async () => {
    behave = (message, socket) => {
      acknowledge(message, socket);
      if (message.type !== "subscribe") return;
      reply(socket, { id: message.id, type: "next", payload: { data: { x: 1 } } });
      reply(socket, { id: message.id, type: "complete" });
    };
    const heard = open();
    await until("it is complete", () => heard.completed === 1);
    expect(heard.events).toEqual([{ data: { x: 1 } }]);
    expect(got.map(({ type, payload }) => [type, payload])).toEqual([
      ["connection_init", { token: "t" }],
      ["subscribe", { query: "subscription { x }", variables: { after: 3 } }],
    ]);
    await until("the connection is closed", () => server.clients.size === 0);
  });

  it("stops the subscription and closes the connection", async () => {
    behave = acknowledge;
    const heard = open();
    await until("it asked", () => got.some(({ type }) => type === "subscribe"));
    heard.stop();
    await until("it is gone", () => server.clients.size === 0);
    expect(got.at(-1)?.type).toBe("complete");
  });

  it("never asks when it was stopped before it was connected", async () => {
    let late = (): void => {};
    behave = ({ type }, socket) => {
      if (type === "connection_init") late = () => reply(socket, { type: "connection_ack" });
    };
    const heard = open();
    await until("it introduced itself", () => got.length === 1);
    heard.stop();
    late();
    await until("it is gone", () => server.clients.size === 0);
    expect(got.map(({ type }) => type)).toEqual(["connection_init"]);
  });

  it("reports what the subgraph says is wrong", async () => {
    behave = (message, socket) => {
      acknowledge(message, socket);
      if (message.type === "subscribe")
        reply(socket, { id: message.id, type: "error", payload: [{ message: "no such run" }] });
    };
    const heard = open();
    await until("it was told", () => heard.error);
    expect(heard.error).toEqual([{ message: "no such run" }]);
  });

  it.each<[string, Behaviour]>([
    ["is not acknowledged in time", () => {}],
    ["misses a ping", acknowledge],
    ["is closed", ({ type }, socket) => (type === "subscribe" ? socket.close(1000) : acknowledge({ type }, socket))],
    ["breaks", ({ type }, socket) => (type === "subscribe" ? socket.terminate() : acknowledge({ type }, socket))],
  ])("gives a connection up that %s, once and for all", async (_name, behaviour) => {
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    behave = behaviour;
    const heard = open({ keepAliveMs: 50, connectionInitMs: 100 });
    await until("it is lost", () => heard.error ?? heard.completed === 1);
    expect(Array.isArray(heard.error)).toBe(false);
    expect(heard.error).toBeDefined();
    await until("it is gone", () => server.clients.size === 0);
    expect(connections).toBe(1);
  });

  it("keeps a quiet connection that answers pings", async () => {
    let pings = 0;
    behave = (message, socket) => {
      acknowledge(message, socket);
      if (message.type !== "ping") return;
      pings += 1;
      reply(socket, { type: "pong" });
    };
    const heard = open({ keepAliveMs: 30, connectionInitMs: 100 });
    await until("it pinged five times", () => pings === 5);
    expect([heard.error, server.clients.size]).toEqual([undefined, 1]);
    heard.stop();
  });
});
