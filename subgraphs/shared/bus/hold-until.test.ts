import { expect, it } from "vitest";
import { aRecord } from "./event-bus.contract.ts";
import { holdUntil } from "./hold-until.ts";
import { createLocalBus } from "./local-bus.ts";

it("holdUntil() publishes nothing before all listen, and then everything", async () => {
  const ready = Promise.withResolvers<void>();
  const bus = holdUntil(ready.promise, createLocalBus());
  const published = bus.publish([aRecord("early")]);
  let seen = 0;
  await bus.subscribe({ group: "late", type: "agent.audit.v1" }, async () => {
    seen += 1;
  });
  ready.resolve();
  expect(await published).toEqual([{ ok: true }]);
  expect(seen).toBe(1);
});
