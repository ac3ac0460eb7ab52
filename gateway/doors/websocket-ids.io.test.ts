import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES } from "../testing/lab.ts";

const STEPS = { query: 'subscription { steps(runId: "7") { seq } }' };
const SLOW = { query: "{ slow(ms: 8000) }" };

describe.each(RUNTIMES)("the operations of a connection on %s", (on) => {
  let lab: Lab;
  afterEach(() => lab.close());

  it("end by `complete`, however fast an id is used again", async () => {
    lab = await createLab({}, { on });
    const socket = await lab.openSocket();
    for (let round = 0; round < 5; round += 1) {
      for (let use = 0; use < 4; use += 1) {
        socket.send({ id: "1", type: "subscribe", payload: STEPS });
        if (use < 3) socket.send({ id: "1", type: "complete" });
      }
      await until(
        "the last use streams, alone",
        async () => lab.state.open === 1 && (await lab.load()).subscriptions === 1,
      );
      socket.send({ id: "1", type: "complete" });
      await until("it is gone", async () => lab.state.open === 0 && (await lab.load()).subscriptions === 0);
    }
    expect(socket.messages).toEqual([{ type: "connection_ack" }]);
  });

  it("give a completed query up, and its answer is none of the next use of its id", async () => {
    lab = await createLab({}, { on });
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: SLOW });
    await until("it runs", async () => (await lab.load()).operations === 1);
    socket.send({ id: "1", type: "complete" });
    socket.send({ id: "1", type: "subscribe", payload: { query: '{ echo(value: "mine") }' } });
    await until("the second is answered", () => socket.messages.length === 3);
    await until("nothing runs", async () => (await lab.load()).operations === 0);
    expect(socket.messages.slice(1)).toEqual([
      { id: "1", type: "next", payload: { data: { echo: "mine" } } },
      { id: "1", type: "complete" },
    ]);
  });

  it("are refused under a trace id, before and after the upgrade", async () => {
    lab = await createLab({}, { on });
    const { WebSocket } = await import("ws");
    const elsewhere = new WebSocket(`${lab.wsUrl}-not`, "graphql-transport-ws", {
      headers: { "x-request-id": "mine" },
    });
    elsewhere.on("error", () => {});
    const [, response] = await new Promise<[unknown, import("node:http").IncomingMessage]>((resolve) =>
      elsewhere.once("unexpected-response", (request, answer) => resolve([request, answer])),
    );
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const { errors } = JSON.parse(Buffer.concat(chunks).toString()) as {
      errors: { extensions: { traceId: string } }[];
    };
    expect(errors[0]?.extensions.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(response.headers).toMatchObject({ "x-trace-id": errors[0]?.extensions.traceId, "x-request-id": "mine" });
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: { query: "{ nonsense }" } });
    await until("it is refused", () => socket.messages.length === 2);
    expect(socket.messages[1]).toMatchObject({
      payload: [{ extensions: { code: "BAD_INPUT", traceId: expect.stringMatching(/^[0-9a-f]{32}$/) } }],
    });
  });
});

describe("the operations of a connection", () => {
  it("are given up with their connection, also those on their way in, and leave no timer", async () => {
    const gate: { open: () => void } = { open: () => {} };
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    let held = 0;
    const lab = await createLab(
      {},
      {
        inProcess: {
          wrapIdentity: (identity) => ({
            async verify(token) {
              held += 1;
              await opened;
              return identity.verify(token);
            },
          }),
        },
      },
    );
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const sockets = await Promise.all(Array.from({ length: 20 }, () => lab.openSocket({ init: null })));
    for (const socket of sockets) socket.send({ type: "connection_init", payload: { token: await lab.token() } });
    await until("all are being verified", () => held === 20);
    for (const socket of sockets) socket.close();
    await until("all have left", async () => (await lab.load()).connections === 0);
    const before = timers();
    gate.open();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(timers() - before).toBeLessThan(10);
    await lab.close();
  });
});
