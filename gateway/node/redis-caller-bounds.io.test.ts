import { startTestRedis } from "@soma/local/test-redis";
import { createLog } from "@soma/shared/log";
import { readMetrics } from "@soma/shared/metrics";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { COUNTED, callerBoundsContract, callers, FEW, refusal } from "../operations/caller-bounds.contract.ts";
import { createWire, type Wire } from "../testing/wire.ts";
import { openRedisCallerBounds } from "./redis-caller-bounds.ts";

let server: Awaited<ReturnType<typeof startTestRedis>>;
let wire: Wire;
let operator: Redis;
let logged: { level: number; msg: string; reason?: string }[];
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  operator = new Redis(server.url);
}, 120_000);
afterAll(async () => {
  operator.disconnect();
  await server.stop();
});
beforeEach(async () => {
  logged = [];
  wire = await createWire(server.url);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((bounds) => bounds.close()));
  await wire.close();
});

/** One process' worth of bounds, on the wire; it is patient, as the machine that tests may be busy. */
async function open(options: Partial<Parameters<typeof openRedisCallerBounds>[0]> = {}) {
  const log = createLog({
    level: "info",
    service: "lab",
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  });
  const bounds = await openRedisCallerBounds({
    url: wire.url,
    log,
    limits: FEW,
    answerMs: 2_000,
    retryMs: 50,
    ...options,
  });
  opened.push(bounds);
  return bounds;
}

async function countedAlone(verb = ".*"): Promise<number> {
  const { body } = await readMetrics();
  const line = new RegExp(`^gateway_caller_bounds_alone_total\\{verb="${verb}"\\} (\\d+)$`, "gm");
  const counts = [...body.matchAll(line)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

describe("openRedisCallerBounds()", () => {
  callerBoundsContract((limits) => open({ limits }));

  it("gives a caller one allowance for all processes, of which each may take and owe", async () => {
    const [one, two, { ada }] = [await open(), await open(), callers()];
    await one.take(ada, 6);
    const waitMs = async (): Promise<number> => (await refusal(two.take(ada, 5)))?.retryAfterMs ?? 0;
    // One comes back in a thousand seconds: 4 of 5 are left.
    expect(await waitMs()).toBeLessThanOrEqual(1_000_000);
    expect(await waitMs()).toBeGreaterThan(0);
    one.owe(ada, 6);
    await until("the other sees what is owed", async () => (await waitMs()) > 2_000_000);
  });

  it.each(COUNTED)("gives a caller one number of %s for all processes", async (counted) => {
    const [one, two, { ada }] = [await open(), await open(), callers()];
    const end = await one.enter(ada, counted);
    await two.enter(ada, counted);
    expect(await refusal(one.enter(ada, counted))).toMatchObject({ retryAfterMs: 250 });
    expect(await refusal(two.enter(ada, counted))).toMatchObject({ retryAfterMs: 250 });
    end();
    await until("the other may have it", async () => (await refusal(two.enter(ada, counted))) === undefined);
  });

  it("gives back what a process had that vanished, and not what one has that goes on", async () => {
    const [one, two, { ada }] = [await open({ leaseMs: 1_500 }), await open({ leaseMs: 1_500 }), callers()];
    await one.enter(ada, "operations");
    await two.enter(ada, "operations");
    expect(await refusal(two.enter(ada, "operations"))).toBeDefined();
    // Closed with something under way, which it never ends: to the others, a process that died.
    await one.close();
    await until("its lease is over", async () => (await refusal(two.enter(ada, "operations"))) === undefined);
    expect(await refusal((await open()).enter(ada, "operations"))).toBeDefined();
  });

  it("keeps nothing for ever, and no name of a caller", async () => {
    const [bounds, { ada }] = [await open({ limits: { ...FEW, allowancePerSecond: 1 } }), callers()];
    const before = new Set(await operator.keys("*"));
    await bounds.take(ada, 5);
    for (const counted of COUNTED) await bounds.enter(ada, counted);
    const keys = (await operator.keys("*")).filter((key) => !before.has(key));
    expect(keys.length).toBe(4);
    for (const key of keys) {
      expect(key).toMatch(/^soma:callers:\{[\w-]{43}\}:[a-z]+$/);
      expect(await operator.pttl(key)).toBeGreaterThan(0);
      expect(await operator.pttl(key)).toBeLessThanOrEqual(30_000);
    }
    expect(await operator.pttl("soma:gateways")).toBeGreaterThan(0);
  });

  it("writes no key of a hostile caller but its own", async () => {
    const [bounds, { ada }] = [await open(), callers()];
    await bounds.take(ada, 10);
    const before = await operator.keys("*");
    const [key = ""] = before.filter((name) => name.endsWith(":allowance"));
    for (const subject of [key, `${ada.subject}"]`, `}:${"x".repeat(10_240)}`, "\u0000\r\nDEL *\r\n", "*"])
      await bounds.take(aPrincipal({ tenant: ada.tenant, subject }), 1);
    expect((await operator.keys("*")).length).toBe(before.length + 5);
    expect(await refusal(bounds.take(ada, 1))).toBeDefined();
  });

  it.each(["cut", "freeze"] as const)(
    "goes on with its own count when Redis is lost (%s), and with the shared one when it is back",
    async (how) => {
      const [one, two, { ada, eve }] = [await open(), await open(), callers()];
      const lasting = await one.enter(ada, "operations");
      const ended = await one.enter(eve, "operations");
      await one.take(ada, 4);
      const alone = await countedAlone();
      await wire[how]();
      // Nobody is refused for it; what was taken and what is under way in this process counts.
      await one.take(ada, 6);
      expect(await refusal(one.take(ada, 1))).toBeDefined();
      await two.take(ada, 10);
      const meanwhile = await one.enter(ada, "operations");
      expect(await refusal(one.enter(ada, "operations"))).toBeDefined();
      ended();
      expect(await countedAlone()).toBeGreaterThan(alone);
      await wire.mend();
      await until("both are back", () => logged.filter(({ msg }) => msg.startsWith("Redis is back")).length === 2);
      // Redis knows what began, and what ended, while it was away.
      expect(await refusal(two.enter(ada, "operations"))).toBeDefined();
      await two.enter(eve, "operations");
      expect(await refusal(two.enter(eve, "operations"))).toBeUndefined();
      lasting();
      meanwhile();
      await until("it is free", async () => (await refusal(two.enter(ada, "operations"))) === undefined);
      expect(logged.filter(({ msg }) => msg.startsWith("Redis is away")).length).toBe(2);
    },
  );

  it("gives a lost connection up once, however many wait for an answer", async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", note);
    const [one, { ada }] = [await open({ answerMs: 100, limits: { ...FEW, allowance: 100 } }), callers()];
    wire.freeze();
    const taken = await Promise.all(Array.from({ length: 100 }, () => refusal(one.take(ada, 1))));
    expect(taken.every((refused) => refused === undefined)).toBe(true);
    expect(await refusal(one.take(ada, 1))).toBeDefined();
    await wire.mend();
    await until("it is back", () => logged.some(({ msg }) => msg.startsWith("Redis is back")));
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });

  it("asks Redis nothing when nothing is owed, and counts what is owed and Redis did not hear of", async () => {
    const [one, { ada, eve }] = [await open(), callers()];
    const before = (await operator.keys("soma:callers:*:allowance")).length;
    one.owe(ada, 0);
    await one.take(eve, 1);
    expect((await operator.keys("soma:callers:*:allowance")).length).toBe(before + 1);
    const missed = await countedAlone("owe");
    await wire.cut();
    one.owe(ada, 0);
    one.owe(ada, 14);
    await until("it is counted", async () => (await countedAlone("owe")) > missed);
    expect(await countedAlone("owe")).toBe(missed + 1);
  });

  it("asks Redis nothing for a caller that this process refuses by itself", async () => {
    const [one, { ada }] = [await open(), callers()];
    await one.take(ada, 10);
    await operator.del(...(await operator.keys("soma:callers:*:allowance")));
    expect(await refusal(one.take(ada, 1))).toBeDefined();
    expect(await operator.keys("soma:callers:*:allowance")).toEqual([]);
  });

  it("holds its callers to what is under way also when Redis lost everything it knew", async () => {
    const [one, two, { ada }] = [await open({ leaseMs: 1_000 }), await open(), callers()];
    await one.enter(ada, "operations");
    await one.enter(ada, "operations");
    const own = (await operator.keys("soma:callers:*:operations")) ?? [];
    await operator.del(...own);
    await until("it is known again", () => refusal(two.enter(ada, "operations").then((end) => end())));
  });

  it("starts without Redis, waits for it for nobody, says so once and without the password, and uses it when it comes", async () => {
    await wire.cut();
    const url = wire.url.replace("redis://", "redis://:hush@");
    const [one, { ada }] = [await open({ url }), callers()];
    await one.take(ada, 10);
    expect(await refusal(one.take(ada, 1))).toBeDefined();
    await wire.mend();
    await until("it is back", () => logged.some(({ msg }) => msg.startsWith("Redis is back")));
    expect(await refusal((await open()).take(ada, 10))).toBeUndefined();
    expect(logged.filter(({ msg }) => msg.startsWith("Redis is away")).length).toBe(1);
    expect(JSON.stringify(logged)).not.toContain("hush");
  });

  it("bounds by itself when Redis answers with errors", async () => {
    const [one, { ada }] = [await open(), callers()];
    await one.take(ada, 1);
    const before = await operator.keys("soma:callers:*:allowance");
    for (const key of before) await operator.set(key, "not a hash");
    expect(await refusal(one.take(ada, 9))).toBeUndefined();
    expect(await refusal(one.take(ada, 1))).toBeDefined();
    expect(logged.some(({ reason }) => reason?.includes("WRONGTYPE"))).toBe(true);
    await operator.del(...before);
  });
});
