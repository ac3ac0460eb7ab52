import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { SendMessageDocument } from "@soma/graphql/operations";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { readMetric } from "../operator.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { watchReadiness } from "../readiness-watch.ts";
import { KINDS } from "./flood.ts";

const READERS = 4;
const ROUNDS = 6;
/** Runs the flooder has of its own, so that its lists are long. */
const FLOODERS_RUNS = 15;
/** Longer than anybody would look at a page that loads; what comes later is counted as no answer. */
const PATIENCE_MS = 8_000;

describe("one caller that floods", () => {
  let product: ProductUnderTest;
  let runId: string;
  let flooder: { token: string };
  let floodersRun = "";
  const readers: { token: string }[] = [];
  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    const { client, token } = await product.clientOf({ tenant: "flood", subject: "user:flooder" });
    flooder = { token };
    for (let run = 0; run < FLOODERS_RUNS; run += 1) {
      const input = { text: "hello", idempotencyKey: newId() };
      floodersRun = (await client.request(SendMessageDocument, { input })).sendMessage.run.id;
    }
    runId = await product.send("hello");
    await product.ended(runId);
    for (let index = 0; index < READERS; index += 1)
      readers.push(await product.clientOf({ tenant: "local", subject: `user:reader-${index}` }));
  });
  afterAll(() => product.close());

  async function reads(token: string): Promise<boolean> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const body = JSON.stringify({ query: "{ runs(first: 5) { nodes { id status } } }" });
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(`${product.url()}/graphql`, { method: "POST", headers, body, signal });
    const { data, errors } = (await response.json()) as { data?: { runs: { nodes: unknown[] } }; errors?: unknown };
    return errors === undefined && (data?.runs.nodes.length ?? 0) > 0;
  }
  /** Signs in over a new WebSocket and hears the first event of a run. */
  function hears(token: string): Promise<boolean> {
    const socket = new WebSocket(product.socketUrl(), "graphql-transport-ws");
    const query = `subscription { runEvents(runId: "${runId}") { __typename } }`;
    return new Promise<boolean>((resolve) => {
      const limit = setTimeout(resolve, PATIENCE_MS, false);
      socket.on("error", () => resolve(false));
      socket.on("close", () => resolve(false));
      socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { token } })));
      socket.on("message", (data) => {
        const { type } = JSON.parse(String(data)) as { type: string };
        if (type === "connection_ack") socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
        if (type === "next" || type === "error") resolve(type === "next");
        if (type === "next" || type === "error") clearTimeout(limit);
      });
    }).finally(() => socket.terminate());
  }

  async function countAnswers(): Promise<{ asked: number; answered: number }> {
    const outcomes = await Promise.all(
      readers.map(async ({ token }) => {
        const own: boolean[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          own.push(await reads(token).catch(() => false));
          own.push(await hears(token).catch(() => false));
        }
        return own;
      }),
    );
    return { asked: outcomes.flat().length, answered: outcomes.flat().filter(Boolean).length };
  }

  function startFlood(kind: string): ChildProcess {
    const file = fileURLToPath(new URL("flood.ts", import.meta.url));
    const args = [file, kind, product.url(), flooder.token, floodersRun];
    return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  }

  it.each(KINDS)("with %s leaves four readers nine of ten answers", { timeout: 300_000 }, async (kind) => {
    const refused = await readMetric(product.dataDir, "gateway_refused_total");
    // As often as what stands before a product asks: it takes nothing from those who flood, or read.
    const watch = watchReadiness(product.url(), 1_000);
    const before = await countAnswers();
    expect(before.answered).toBe(before.asked);
    const flood = startFlood(kind);
    const ended = once(flood, "exit");
    try {
      if (flood.stdout === null) throw new Error("it has no output");
      await once(flood.stdout, "data", { signal: AbortSignal.timeout(60_000) });
      const { asked, answered } = await countAnswers();
      expect(answered / asked, `${answered} of ${asked}`).toBeGreaterThanOrEqual(0.9);
      expect(flood.exitCode).toBe(null);
      expect(await readMetric(product.dataDir, "gateway_refused_total")).toBeGreaterThan(refused);
    } finally {
      flood.kill("SIGKILL");
      await ended;
    }
    await until("all are answered again", async () => (await countAnswers()).answered === before.asked, 60_000);
    await watch.stop();
    expect([watch.take().filter(({ status }) => status !== 200), watch.unhealthy]).toEqual([[], []]);
  });
});
