import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOutboxStage, createRecordingBus, type OutboxStage } from "../testing/outbox-stage.ts";
import { createOutboxLimit } from "./outbox-limit.ts";

describe("createOutboxLimit()", () => {
  let stage: OutboxStage;

  beforeAll(async () => {
    stage = await createOutboxStage();
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  function make(maxRows: number) {
    let at = 0;
    const { admit } = createOutboxLimit({ sql: stage.database.worker, schema: "policy", maxRows, now: () => at });
    const pass = (ms: number): void => {
      at += ms;
    };
    return { admit, pass };
  }

  it("refuses while as many events wait as may, and no longer once they were taken", async () => {
    const { admit, pass } = make(3);
    await stage.sayMany(["a", "b"], "k");
    await admit();
    await stage.say("c");
    // For some seconds by what was counted.
    await admit();
    pass(5_000);
    await expect(admit()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/^3 events of policy wait .* \(SOMA_OUTBOX_MAX_ROWS\)/),
    });
    await stage.relay(createRecordingBus().bus).tick();
    pass(5_000);
    await admit();
  });

  it("counts once for all who come at the same time", async () => {
    let asked = 0;
    const counting = new Proxy(stage.database.worker, {
      apply(target, self, args) {
        asked += 1;
        return Reflect.apply(target, self, args);
      },
    });
    const { admit } = createOutboxLimit({ sql: counting, schema: "policy", maxRows: 3 });
    await Promise.all(Array.from({ length: 20 }, () => admit()));
    expect(asked).toBe(1);
  });

  it("counts anew after the database could not be asked", async () => {
    let isAway = true;
    const sometimes = new Proxy(stage.database.worker, {
      apply(target, self, args) {
        if (isAway) return Promise.reject(new Error("away"));
        return Reflect.apply(target, self, args);
      },
    });
    const { admit } = createOutboxLimit({ sql: sometimes, schema: "policy", maxRows: 3 });
    await expect(admit()).rejects.toThrow("away");
    isAway = false;
    await admit();
  });
});
