import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type GatewayLimits } from "../ground/limits.ts";
import { type CallerBounds, type Counted, createCallerBounds } from "../operations/caller-bounds.ts";
import { createLab, type Lab } from "../testing/lab.ts";

const STEPS = { query: 'subscription { steps(runId: "1") { seq } }' };
const SLOW = { query: "{ slow(ms: 20000) }" };

/** Bounds that take their time with one thing, and count what is held. */
function late(what: Counted) {
  const bounds = createCallerBounds(DEFAULT_LIMITS);
  const gate = Promise.withResolvers<void>();
  const seen = { waiting: 0, held: 0 };
  const callers: CallerBounds = {
    ...bounds,
    async enter(principal, counted) {
      if (counted !== what) return bounds.enter(principal, counted);
      seen.waiting += 1;
      await gate.promise;
      const leave = await bounds.enter(principal, counted);
      seen.waiting -= 1;
      seen.held += 1;
      return () => {
        seen.held -= 1;
        leave();
      };
    },
  };
  return { callers, seen, open: () => gate.resolve() };
}

describe("a caller that leaves while it is being counted", () => {
  let lab: Lab;
  afterEach(() => lab.close());
  async function start(what: Counted, limits: Partial<GatewayLimits> = {}) {
    const bounds = late(what);
    lab = await createLab(limits, { inProcess: { options: { callers: bounds.callers } } });
    const waits = () => until("it is being counted", () => bounds.seen.waiting === 1);
    const isFree = async () => {
      bounds.open();
      await until("nothing is held", () => bounds.seen.waiting === 0 && bounds.seen.held === 0);
    };
    return { ...bounds, waits, isFree };
  }

  it("gives the place of its connection back", async () => {
    const { waits, isFree } = await start("connections");
    const socket = await lab.openSocket({ init: null });
    socket.send({ type: "connection_init", payload: { token: await lab.token() } });
    await waits();
    socket.close();
    await until("it is gone", async () => (await lab.load()).connections === 0);
    await isFree();
  });

  it.each(["complete", "close"] as const)(
    "gives the place of its subscription back (%s), and asks no subgraph",
    async (leave) => {
      const { waits, isFree } = await start("subscriptions");
      const socket = await lab.openSocket();
      socket.send({ id: "1", type: "subscribe", payload: STEPS });
      await waits();
      if (leave === "close") socket.close();
      else socket.send({ id: "1", type: "complete" });
      await until("that arrived", async () => (leave === "close" ? (await lab.load()).connections === 0 : true));
      socket.send({ type: "ping" });
      if (leave === "complete") await until("that arrived", () => socket.messages.some(({ type }) => type === "pong"));
      await isFree();
      expect(lab.state.open).toBe(0);
    },
  );

  it("is among the operations of the gateway, and those it drains", async () => {
    const { waits, open, seen } = await start("operations", { drainMs: 60_000 });
    const asked = lab.post({ query: 'mutation { addRun(title: "a") { id } }' });
    await waits();
    expect((await lab.load()).operations).toBe(1);
    const closed = lab.closeGateway();
    await until("it drains", async () => (await fetch(`${lab.url}/readyz`)).status === 503);
    open();
    expect((await asked).data.addRun.id).toBeDefined();
    await closed;
    expect(seen).toEqual({ waiting: 0, held: 0 });
  });

  it("costs no subgraph a query that nobody waits for", async () => {
    const { waits, isFree } = await start("operations");
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: SLOW });
    await waits();
    socket.close();
    await until("it is gone", async () => (await lab.load()).connections === 0);
    await isFree();
    expect(lab.state.slow).toBe(0);
  });
});
