import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLab, type Lab, RUNTIMES, read } from "../testing/lab.ts";

const STEPS =
  "subscription ($runId: ID!, $after: Int!) { steps(runId: $runId, after: $after) { seq run { title invocations } } }";
const SEQS = "subscription ($runId: ID!, $after: Int!) { steps(runId: $runId, after: $after) { seq } }";

describe.each(RUNTIMES)("subscribe() on %s", (on) => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab({ queuedEvents: 8, keepAliveMs: 200 }, { on });
  });
  afterEach(() => lab.close());

  function publish(count: number): void {
    for (let i = 0; i < count; i += 1) lab.state.publish();
  }

  it("resolves fields of another subgraph for each event", async () => {
    const reading = read(lab.connect(), STEPS, { runId: "7", after: 0 });
    for (let count = 1; count <= 3; count += 1) {
      publish(1);
      await until(`${count} events came`, () => reading.results.length === count);
    }
    expect(reading.results).toEqual(
      [1, 2, 3].map((seq) => ({ data: { steps: { seq, run: { title: "Run 7", invocations: ["call of 7"] } } } })),
    );
    expect(reading.ended).toBeUndefined();
  });

  it("passes the cursor to the subgraph, so that a client continues where it was", async () => {
    publish(5);
    const reading = read(lab.connect(), SEQS, { runId: "7", after: 3 });
    await until("two events came", () => reading.results.length === 2);
    expect(reading.results.map((result) => result.data.steps.seq)).toEqual([4, 5]);
  });

  it("asks the subgraph in the name of the caller", async () => {
    const reading = read(lab.connect(await lab.token({ subject: "user:eve" })), SEQS, { runId: "7", after: 0 });
    publish(1);
    await until("an event came", () => reading.results.length === 1);
    expect(lab.state.seen.at(-1)).toMatchObject({ subject: "user:eve" });
  });

  it("keeps the stream when a field of one event fails", async () => {
    const reading = read(lab.connect(), 'subscription { steps(runId: "7") { seq run { refused title } } }');
    publish(2);
    await until("two events came", () => reading.results.length === 2);
    expect(reading.results[1]).toMatchObject({
      data: { steps: { seq: 2, run: { refused: null, title: "Run 7" } } },
      errors: [{ path: ["steps", "run", "refused"], extensions: { code: "FORBIDDEN", retryable: false } }],
    });
    expect(reading.ended).toBeUndefined();
  });

  it("reports what the subgraph refuses", async () => {
    const reading = read(lab.connect(), SEQS, { runId: "unknown", after: 0 });
    await until("it ended", () => reading.ended !== undefined);
    expect(reading.results).toMatchObject([
      {
        data: null,
        errors: [{ message: "run unknown does not exist", extensions: { code: "NOT_FOUND", retryable: false } }],
      },
    ]);
  });

  it("stops the subgraph at once when the client leaves a quiet stream", async () => {
    const reading = read(lab.connect(), SEQS, { runId: "7", after: 0 });
    await until("the subgraph streams", () => lab.state.open === 1);
    reading.stop();
    await until("the subgraph was told", () => lab.state.open === 0);
    expect((await lab.load()).subscriptions).toBe(0);
  });

  it("stops the subgraph at once when the client's connection breaks", async () => {
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: { query: SEQS, variables: { runId: "7", after: 0 } } });
    await until("the subgraph streams", () => lab.state.open === 1);
    socket.close();
    await until("the subgraph was told", async () => lab.state.open === 0 && (await lab.load()).connections === 0);
  });

  it("ends the operation and keeps the connection when the subgraph is lost; the client continues from its cursor", async () => {
    const client = lab.connect();
    const first = read(client, SEQS, { runId: "7", after: 0 });
    publish(2);
    await until("two events came", () => first.results.length === 2);
    await lab.stopRuns();
    await until("the operation ended", () => first.ended !== undefined);
    expect(first.ended).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE", retryable: true } }]);
    const early = read(client, SEQS, { runId: "7", after: 2 });
    await until("the subgraph is still gone", () => early.ended !== undefined);
    expect(early.ended).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
    await lab.startRuns();
    publish(1);
    const second = read(client, SEQS, { runId: "7", after: 2 });
    await until("the third event came", () => second.results.length === 1);
    expect(second.results[0]).toEqual({ data: { steps: { seq: 3 } } });
    expect((await lab.load()).connections).toBe(1);
  });

  it("ends a reader that stays behind too far, and no other", async () => {
    // A paused reader answers no pings either: with pings every 200 ms a busy machine would drop it before it is behind.
    await lab.close();
    lab = await createLab({ queuedEvents: 8 }, { on });
    const slow = await lab.openSocket();
    const quick = read(lab.connect(), SEQS, { runId: "7", after: 0 });
    slow.pause();
    slow.send({ id: "1", type: "subscribe", payload: { query: "subscription { flood(count: 20000) { seq note } }" } });
    await until("the quick one is served", () => lab.state.open === 1);
    publish(3);
    await until("the quick reader goes on", () => quick.results.length === 3);
    slow.resume();
    await until("the slow reader reads why", () => slow.messages.at(-1)?.type === "error");
    expect(slow.messages.at(-1)).toMatchObject({
      id: "1",
      payload: [{ extensions: { code: "SLOW_CONSUMER", retryable: true } }],
    });
    const seqs = slow.messages.flatMap(
      ({ payload }) => (payload as { data?: { flood: { seq: number } } })?.data?.flood.seq ?? [],
    );
    expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
    expect(seqs.length).toBeLessThan(20_000);
    slow.send({ id: "2", type: "subscribe", payload: { query: "{ __typename }" } });
    await until("its connection is still served", () => slow.messages.at(-1)?.type === "complete");
  });

  it("serves queries and mutations over the socket too", async () => {
    const client = lab.connect();
    const mutation = read(client, 'mutation { addRun(title: "T") { title invocations } }');
    const masked = read(client, "{ crashes }");
    await until("both ended", () => mutation.ended === "complete" && masked.ended === "complete");
    expect(mutation.results).toMatchObject([{ data: { addRun: { title: "T", invocations: [expect.any(String)] } } }]);
    expect(masked.results).toMatchObject([{ data: null, errors: [{ extensions: { code: "INTERNAL" } }] }]);
    expect(JSON.stringify(masked.results)).not.toContain("secret");
  });
});
