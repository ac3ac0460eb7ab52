import { connect, type Socket } from "node:net";
import { readMetrics } from "@soma/shared/metrics";
import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import type { GatewayLimits } from "../ground/limits.ts";
import { createLab, type Lab } from "../testing/lab.ts";

const HEAD = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
const GET = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

describe("boundWaiting()", () => {
  let lab: Lab;
  const open: Socket[] = [];
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    await lab.close();
  });

  async function start(limits: Partial<GatewayLimits>): Promise<void> {
    lab = await createLab(limits);
  }
  async function dial(text: string): Promise<Socket> {
    const socket = connect(Number(new URL(lab.url).port), "127.0.0.1");
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

  it("lets those whose request is being worked on be", async () => {
    await start({ waiting: 5, waitingPerNetwork: 5 });
    const slow = lab.post({ query: "{ slow(ms: 1000) }" });
    await until("it runs", () => lab.load().operations === 1);
    for (let count = 0; count < 60; count += 1) await dial("");
    expect((await slow).data).toEqual({ slow: "at last" });
  });

  it("ends a connection whose answer nobody reads", async () => {
    await start({ unreadMs: 3_000 });
    const body = JSON.stringify({ query: "{ runs(count: 250000) { id title } }" });
    const socket = await dial("");
    socket.pause();
    const token = await lab.token();
    socket.write(`${HEAD}authorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await until("it waits to be read", async () => (await unreadBytes()) > 1_000_000);
    await until("it is ended", async () => (await unreadBytes()) === 0);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    await closed;
    expect(socket.bytesRead).toBeLessThan(8_000_000);
  });
});

async function unreadBytes(): Promise<number> {
  const { body } = await readMetrics();
  return Number(/^gateway_unread_bytes (\d+)/m.exec(body)?.[1]);
}
