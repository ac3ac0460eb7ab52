import { startTelemetry } from "@soma/shared/start-telemetry";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab, type Lab, read } from "../testing/lab.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("traced()", () => {
  let lab: Lab;
  let telemetry: Awaited<ReturnType<typeof startTelemetry>>;
  beforeAll(async () => {
    telemetry = await startTelemetry({ service: "test", otlpEndpoint: "" });
    lab = await createLab();
  });
  afterAll(async () => {
    await lab.close();
    await telemetry.close();
  });

  it("is one trace from the caller through the gateway to the subgraph and back in the error", async () => {
    const headers = { authorization: `Bearer ${await lab.token()}`, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
    const answer = await lab.post({ query: '{ run(id: "1") { title } crashes }' }, headers);
    expect(lab.state.seen.at(-1)?.traceId).toBe(TRACE);
    expect(answer.errors[0].extensions.traceId).toBe(TRACE);
    expect(answer.headers.get("x-trace-id")).toBe(TRACE);
    expect((await lab.seen()).logged.filter((line) => line.trace_id !== TRACE)).toEqual([]);
  });

  it("gives each operation of a socket a trace of its own, which its events stay in", async () => {
    const client = lab.connect();
    const before = lab.state.seen.length;
    const readings = [1, 2].map(() =>
      read(client, 'subscription { steps(runId: "1") { run { refused invocations } } }'),
    );
    lab.state.publish();
    lab.state.publish();
    await until("each has two events", () => readings.every(({ results }) => results.length === 2));
    const ids = readings.map(({ results }) => results.map((result) => result.errors[0].extensions.traceId));
    expect(ids[0]?.[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(ids.map(([first, second]) => first === second)).toEqual([true, true]);
    expect(ids[0]?.[0]).not.toBe(ids[1]?.[0]);
    const inSubgraph = new Set(lab.state.seen.slice(before).map(({ traceId }) => traceId));
    for (const id of ids) expect(inSubgraph).toContain(id[0]);
  });
});
