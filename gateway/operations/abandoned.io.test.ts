import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES } from "../testing/lab.ts";

const SLOW = { query: "{ slow(ms: 20000) }" };

describe.each(RUNTIMES)("a query that nobody waits for, on %s", (on) => {
  let lab: Lab;
  afterEach(() => lab.close());
  const heard = () =>
    until("the subgraph heard it", async () => lab.state.abandoned === 1 && (await lab.load()).operations === 0);

  it("is given up in the subgraph when its request ends", async () => {
    lab = await createLab({}, { on });
    const controller = new AbortController();
    const headers = { "content-type": "application/json", authorization: `Bearer ${await lab.token()}` };
    const { signal } = controller;
    const asked = fetch(`${lab.url}/graphql`, { method: "POST", headers, signal, body: JSON.stringify(SLOW) });
    asked.catch(() => {});
    await until("it runs", () => lab.state.slow === 1);
    controller.abort();
    await heard();
  });

  it("is given up in the subgraph when its time is up, or the subgraph's", async () => {
    for (const limits of [{ queryMs: 100 }, { subgraphMs: 100 }]) {
      lab = await createLab(limits, { on });
      const { errors } = await lab.post(SLOW);
      expect(errors[0]).toMatchObject({ path: ["slow"], extensions: { code: "TIMEOUT", retryable: true } });
      await heard();
      await lab.close();
    }
    lab = await createLab({}, { on });
  });

  it("is given up in the subgraph when its client completes it, or closes its connection", async () => {
    for (const leave of ["complete", "close"] as const) {
      lab = await createLab({}, { on });
      const socket = await lab.openSocket();
      socket.send({ id: "1", type: "subscribe", payload: SLOW });
      await until("it runs", () => lab.state.slow === 1);
      if (leave === "close") socket.close();
      else socket.send({ id: "1", type: "complete" });
      await heard();
      await lab.close();
    }
    lab = await createLab({}, { on });
  });
});

describe.each(RUNTIMES)("a mutation that nobody waits for, on %s", (on) => {
  let lab: Lab;
  afterEach(() => lab.close());
  const READ_BELOW = { query: 'mutation { addRun(title: "kept") { id title slow(ms: 20000) } invoke(name: "next") }' };

  it("is done, and what is read below it is given up when the time is up", async () => {
    lab = await createLab({ queryMs: 100 }, { on });
    const { data, errors } = await lab.post(READ_BELOW);
    expect(data).toEqual({ addRun: { id: "100", title: "kept", slow: null }, invoke: "next" });
    const timeout = {
      message: "the operation took longer than 100 ms",
      path: ["addRun"],
      extensions: { code: "TIMEOUT" },
    };
    expect(errors).toMatchObject([timeout]);
    await until("the subgraph heard it", () => lab.state.abandoned === 1);
  });

  it("is done, also the one after it, when its caller leaves while something is read below it", async () => {
    lab = await createLab({ subgraphMs: 60_000 }, { on });
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: READ_BELOW });
    await until("something is read", () => lab.state.slow === 1);
    expect(lab.state.invoked).toEqual([]);
    socket.close();
    await until("the subgraph heard it", () => lab.state.abandoned === 1);
    await until("all is done", async () => (await lab.load()).operations === 0);
    expect(lab.state.invoked).toEqual(["next"]);
  });

  it("has the time of its subgraph, however short that of a query is", async () => {
    lab = await createLab({ queryMs: 50 }, { on });
    const { data, errors } = await lab.post({ query: 'mutation { addRun(title: "late", ms: 200) { title } }' });
    expect([data, errors]).toEqual([{ addRun: { title: "late" } }, []]);
  });

  it("is given up when its subgraph says nothing, and what other subgraphs do is done", async () => {
    lab = await createLab({ subgraphMs: 100 }, { on });
    const silent = 'mutation { addRun(title: "silent", ms: 20000) { id invocations } invoke(name: "next") }';
    const { data, errors } = await lab.post({ query: silent });
    expect(data).toEqual({ addRun: null, invoke: "next" });
    expect(errors).toMatchObject([{ path: ["addRun"], extensions: { code: "TIMEOUT", retryable: true } }]);
  });
});
