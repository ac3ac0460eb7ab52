import { describe, expect, it } from "vitest";
import { aRecord } from "../event-bus.contract.ts";
import { createPool } from "./pool.ts";

describe("createPool()", () => {
  it("keeps records of tenants that share nothing where they are", () => {
    const record = aRecord("one", "acme");
    const pool = createPool(["small"]);
    expect(pool.toPlace(record)).toBe(record);
    expect(pool.fromPlace(record)).toBe(record);
  });

  it.each([[["small", "tiny"]], [["*"]]])(
    "has those of %j in one topic, told apart by their keys, and gives them back",
    (names) => {
      const record = aRecord("one", "small");
      const pool = createPool(names);
      const placed = pool.toPlace(record);
      expect(placed).toMatchObject({
        topic: "soma.pool.agent.audit.v1",
        key: "small/small",
        headers: { ce_tenant: "small" },
      });
      expect(pool.fromPlace(placed)).toEqual(record);
    },
  );

  it("gives no tenant what has another one's key, and nothing of a tenant that shares no topics", () => {
    const pool = createPool(["small", "tiny"]);
    const placed = pool.toPlace(aRecord("one", "small"));
    for (const forged of [{ ce_tenant: "tiny" }, { ce_tenant: "acme" }, {}])
      expect(pool.fromPlace({ ...placed, headers: forged })).toMatchObject({ topic: "soma.pool.agent.audit.v1" });
  });

  it.each(["conversation.inbound.v1", "tool.requests.v1"])(
    "gives nobody what stands in the %s of many: its writer may be any of them",
    (event) => {
      const record = { ...aRecord("one", "small"), topic: `soma.pool.${event}`, key: "small/k" };
      expect(createPool(["*"]).fromPlace(record)).toBe(record);
    },
  );

  it("puts a tenant that has the name of the pool into it, and leaves dead letters beside their topic", () => {
    const pool = createPool([]);
    const record = { ...aRecord("one", "pool"), topic: "soma.pool.agent.audit.v1.dlq" };
    expect(pool.toPlace(record)).toMatchObject({ topic: record.topic, key: "pool/pool" });
    expect(pool.fromPlace(pool.toPlace(record))).toEqual(record);
  });
});
