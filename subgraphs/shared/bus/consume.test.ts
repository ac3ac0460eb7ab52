import { describe, expect, it } from "vitest";
import type { Sql } from "../postgres/connect.ts";
import { consume } from "./consume.ts";
import { aRecord } from "./event-bus.contract.ts";
import type { EventRecord } from "./event-record.ts";
import { createLocalBus } from "./local-bus.ts";

describe("consume()", () => {
  const good = aRecord("good");
  const without = (name: string): EventRecord => ({
    ...good,
    headers: Object.fromEntries(Object.entries(good.headers).filter(([key]) => key !== name)),
  });

  it.each([
    ["is not JSON", { ...good, value: "{" }, "is not JSON"],
    ["does not fit its schema", { ...good, value: '{"category":"gossip"}' }, "cannot be read"],
    ["has no id", without("ce_id"), "no ce_id or ce_tenant"],
    ["is on the topic of another tenant", { ...good, topic: "soma.globex.agent.audit.v1" }, "is not its topic"],
    ["has no tenant", without("ce_tenant"), "no ce_id or ce_tenant"],
  ])("never tries again a record that %s, and does not hand it on", async (_name, record, reason) => {
    const bus = createLocalBus();
    let handled = 0;
    await consume({
      bus,
      sql: {} as Sql,
      consumer: "test",
      type: "agent.audit.v1",
      async handle() {
        handled += 1;
      },
    });
    expect(await bus.publish([record])).toEqual([
      { ok: false, kind: "poison", reason: expect.stringContaining(reason) },
    ]);
    expect(handled).toBe(0);
  });
});
