import type { IHeaders, KafkaMessage } from "kafkajs";
import { describe, expect, it } from "vitest";
import { toCopy, toSaid } from "./enrich-message.ts";

const PLACE = { topic: "soma.acme.agent.tools.v1", partition: 3 };

function aMessage(value: unknown, headers: IHeaders = {}): KafkaMessage {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { key: Buffer.from("k"), value: Buffer.from(text), timestamp: "1", attributes: 0, offset: "7", headers };
}

describe("toSaid()", () => {
  it("reads what an event says of its trace, in headers and contents", () => {
    const headers = { ce_id: Buffer.from("e"), traceparent: [Buffer.from("t"), Buffer.from("u")], "x-request-id": "r" };
    expect(toSaid(PLACE, aMessage({ run_id: "run", session_id: "s", trace_id: "x" }, headers))).toEqual({
      tenant: "acme",
      id: "e",
      traceParent: "t",
      requestId: "r",
      traceId: "x",
      runId: "run",
      sessionId: "s",
    });
  });

  it("has the place of an event without an id as its id", () => {
    expect(toSaid(PLACE, aMessage({})).id).toBe("soma.acme.agent.tools.v1/3/7");
  });

  it("keeps tenants apart that share a topic", () => {
    const place = { ...PLACE, topic: "soma.pool.agent.tools.v1" };
    expect(toSaid(place, aMessage({}, { ce_tenant: "small" })).tenant).toBe("pool/small");
    expect(toSaid(PLACE, aMessage({}, { ce_tenant: "small" })).tenant).toBe("acme");
  });

  it.each(["no JSON", "null", "7", "[]", { run_id: 7 }, { run_id: "r".repeat(101) }])(
    "refuses nothing: %j says no run",
    (value) => {
      expect(toSaid(PLACE, aMessage(value)).runId).toBe("");
      expect(toSaid(PLACE, { ...aMessage(""), value: null }).runId).toBe("");
    },
  );
});

describe("toCopy()", () => {
  it("leaves an event with a trace as it came, in the partition of the same number", () => {
    const headers = { traceparent: "t", other: Buffer.from([255, 0]) };
    const message = aMessage("any bytes", headers);
    const { key, value, timestamp } = message;
    const found = { from: "own" as const, traceParent: "t", requestId: "" };
    expect(toCopy(PLACE, message, found)).toEqual({ key, value, timestamp, partition: 3, headers });
  });

  it("adds trace, request and where they are from, and leaves everything else", () => {
    const message = aMessage("{}", { ce_id: "e" });
    const copy = toCopy(PLACE, message, { from: "run", traceParent: "t", requestId: "r" });
    expect(copy.headers).toEqual({ ce_id: "e", traceparent: "t", "x-request-id": "r", "soma-trace-from": "run" });
    expect(copy.value).toBe(message.value);
  });
});
