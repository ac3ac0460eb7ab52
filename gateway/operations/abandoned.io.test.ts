import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import { createLab, type Lab } from "../testing/lab.ts";

const SLOW = { query: "{ slow(ms: 20000) }" };

describe("a query that nobody waits for", () => {
  let lab: Lab;
  afterEach(() => lab.close());
  const heard = () => until("the subgraph heard it", () => lab.state.abandoned === 1 && lab.load().operations === 0);

  it("is given up in the subgraph when its request ends", async () => {
    lab = await createLab();
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
      lab = await createLab(limits);
      const { errors } = await lab.post(SLOW);
      expect(errors[0]).toMatchObject({ path: ["slow"], extensions: { code: "TIMEOUT", retryable: true } });
      await heard();
      await lab.close();
    }
    lab = await createLab();
  });

  it("is given up in the subgraph when its client completes it, or closes its connection", async () => {
    for (const leave of ["complete", "close"] as const) {
      lab = await createLab();
      const socket = await lab.openSocket();
      socket.send({ id: "1", type: "subscribe", payload: SLOW });
      await until("it runs", () => lab.state.slow === 1);
      if (leave === "close") socket.close();
      else socket.send({ id: "1", type: "complete" });
      await heard();
      await lab.close();
    }
    lab = await createLab();
  });
});
