import { startTestRedis } from "@soma/local/test-redis";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { until } from "@soma/shared/testing/until";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type GatewayLimits } from "../ground/limits.ts";
import { createLab, type Lab, read } from "../testing/lab.ts";
import { createWire, type Wire } from "../testing/wire.ts";
import { openRedisCallerBounds } from "./redis-caller-bounds.ts";

describe("two gateways with one Redis", () => {
  let server: Awaited<ReturnType<typeof startTestRedis>>;
  let wire: Wire;
  let labs: Lab[];
  let subject: string;
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await startTestRedis();
  }, 120_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    wire = await createWire(server.url);
    labs = [];
    subject = `user:${newId()}`;
  });
  afterEach(async () => {
    await Promise.all(labs.map((lab) => lab.close()));
    await Promise.all(opened.splice(0).map((callers) => callers.close()));
    await wire.close();
  });

  async function start(given: Partial<GatewayLimits>): Promise<Lab> {
    const limits = { ...DEFAULT_LIMITS, ...given };
    const log = createSilentLog();
    const callers = await openRedisCallerBounds({ url: wire.url, log, limits, answerMs: 2_000, retryMs: 50 });
    opened.push(callers);
    const lab = await createLab(given, { inProcess: { options: { callers } } });
    labs.push(lab);
    return lab;
  }
  const ask = async (lab: Lab, query = "{ __typename }") =>
    lab.post({ query }, { authorization: `Bearer ${await lab.token({ subject })}` });
  /** Two documents that are new take it all; one does when the machine is busy, as the time they take is taken, too. */
  const TWO_DOCUMENTS = { allowance: 25, allowancePerSecond: 0.001 };
  async function askUntilRefused(lab: Lab): ReturnType<typeof ask> {
    expect(await ask(lab, "{ a: __typename }")).toMatchObject({ status: 200 });
    const second = await ask(lab, "{ b: __typename }");
    return second.status === 429 ? second : ask(lab, "{ c: __typename }");
  }

  it("refuse a caller at the second for what it asked of the first, and say when to come back", async () => {
    const [first, second] = [await start(TWO_DOCUMENTS), await start(TWO_DOCUMENTS)];
    expect(await askUntilRefused(first)).toMatchObject({ status: 429 });
    const refused = await ask(second);
    expect([refused.status, refused.errors[0].extensions]).toMatchObject([
      429,
      { code: "LIMIT_EXCEEDED", retryable: true, retryAfterMs: expect.any(Number) },
    ]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await second.post({ query: "{ __typename }" })).toMatchObject({ status: 200 });
  });

  it("count together the operations, subscriptions and connections that a caller has", async () => {
    const limits = { operationsPerCaller: 1, subscriptionsPerCaller: 1, connectionsPerCaller: 2, drainMs: 100 };
    const [first, second] = [await start(limits), await start(limits)];
    void ask(first, "{ slow(ms: 20000) }").catch(() => {});
    await until("it runs", () => first.state.slow === 1);
    expect(await ask(second)).toMatchObject({ status: 429, errors: [{ extensions: { retryAfterMs: 250 } }] });

    const steps = 'subscription { steps(runId: "1") { seq } }';
    const followed = read(first.connect(await first.token({ subject })), steps);
    await until("it is followed", () => first.state.open === 1);
    const token = await second.token({ subject });
    const refused = read(second.connect(token), steps);
    await until("it is refused", () => refused.ended !== undefined);
    expect(refused.ended).toMatchObject([{ extensions: { code: "LIMIT_EXCEEDED", retryAfterMs: 250 } }]);
    const third = await second.openSocket({ init: { token } });
    expect(await third.closed).toMatchObject({ code: 1013 });

    followed.stop();
    await until("the second may follow", async () => {
      const again = read(second.connect(token), steps);
      await until("it is either", () => again.ended !== undefined || second.state.open === 1);
      return again.ended === undefined;
    });
  });

  it("serve on, each by its own count, and are ready while Redis is away", async () => {
    const [first, second] = [await start(TWO_DOCUMENTS), await start(TWO_DOCUMENTS)];
    await wire.cut();
    for (const lab of [first, second]) {
      expect(await askUntilRefused(lab)).toMatchObject({ status: 429 });
      expect((await fetch(`${lab.url}/readyz`)).status).toBe(200);
    }
  });
});
