import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { composeLab } from "../testing/lab-subgraphs.ts";
import { createSupergraphExecutor } from "../upstream/supergraph.ts";
import { createCallerBounds } from "./caller-bounds.ts";
import { type AdmittedOperation, createPipeline } from "./pipeline.ts";

describe("createPipeline()", () => {
  const executor = createSupergraphExecutor(composeLab());
  const identify = async () => ({
    principal: { tenant: "acme", subject: "ada", roles: [], service: null },
    expiresAt: new Date(0),
  });
  const kinds = ["query"] as const;
  const callers = createCallerBounds(DEFAULT_LIMITS);

  it("plans a document once and forgets the one not asked for longest", async () => {
    const pipeline = createPipeline(executor, {
      limits: { ...DEFAULT_LIMITS, documents: 2 },
      introspection: true,
      callers,
    });
    const plan = async (query: string): Promise<AdmittedOperation["planned"]> =>
      (await pipeline({ identify, payload: { query }, kinds })).planned;
    const [a, b] = [await plan("{ a: crashes }"), await plan("{ b: crashes }")];
    expect(await plan("{ a: crashes }")).toBe(a);
    await plan("{ c: crashes }");
    expect(await plan("{ a: crashes }")).toBe(a);
    expect(await plan("{ b: crashes }")).not.toBe(b);
  });

  it.each([
    ["of a kind its transport cannot answer", 'subscription { steps(runId: "1") { seq } }', "subscription"],
    ["that costs too much", `{ page(first: 200) { parent { id } } p: page(first: 10001) { id } }`, "cost"],
  ])("plans no document %s", async (_name, query, message) => {
    const planned: string[] = [];
    const counting = {
      ...executor,
      plan: (...args: Parameters<typeof executor.plan>) => {
        planned.push("planned");
        return executor.plan(...args);
      },
    };
    const pipeline = createPipeline(counting, { limits: DEFAULT_LIMITS, introspection: true, callers });
    await expect(pipeline({ identify, payload: { query }, kinds })).rejects.toThrow(message);
    expect(planned).toEqual([]);
    await pipeline({ identify, payload: { query: "{ crashes }" }, kinds });
    expect(planned).toEqual(["planned"]);
  });

  it("takes of the caller's allowance what a new document took, planned or refused, and nothing for one it knows", async () => {
    const clock = { ms: 0 };
    const slow = {
      ...executor,
      plan: (...args: Parameters<typeof executor.plan>) => {
        clock.ms += 400;
        return executor.plan(...args);
      },
    };
    const limits = { ...DEFAULT_LIMITS, allowance: 250, allowancePerSecond: 0.001 };
    const own = createCallerBounds(limits);
    const pipeline = createPipeline(slow, { limits, introspection: true, callers: own, now: () => clock.ms });
    const ask = (query: string) => pipeline({ identify, payload: { query }, kinds });
    await ask("{ a: crashes }");
    await ask("{ a: crashes }");
    await ask("{ a: crashes }");
    await ask("{ b: crashes }");
    await expect(ask("{ a: crashes }")).rejects.toThrow("ada asks faster than");
  });

  it("takes of the caller's allowance what the mutations weigh, however often one asks for them", async () => {
    const limits = { ...DEFAULT_LIMITS, allowance: 10 + 3 * 4 + 3, allowancePerSecond: 0.001 };
    const own = createCallerBounds(limits);
    const pipeline = createPipeline(executor, { limits, introspection: true, callers: own, now: () => 0 });
    const query = 'mutation { a: addRun(title: "a") { id } b: addRun(title: "b") { id } c: addRun(title: "c") { id } }';
    const ask = () => pipeline({ identify, payload: { query }, kinds: ["mutation"] });
    // It is new the first time, and takes 10 more; each takes 1, and 1 for each of its mutations.
    for (let times = 0; times < 3; times += 1) await ask();
    await expect(ask()).rejects.toThrow(/this takes 3 of 25, and less is left; try again in \d+ ms$/);
    await own.take((await identify()).principal, 2);
  });

  it("plans a document once, and takes its price once, when many ask for it at once", async () => {
    const planned: unknown[] = [];
    const counting = {
      ...executor,
      plan: (...args: Parameters<typeof executor.plan>) => {
        planned.push(args);
        return executor.plan(...args);
      },
    };
    // Planning is over before its time is read: only what is known in advance is taken.
    const limits = { ...DEFAULT_LIMITS, allowance: 20 + 10, allowancePerSecond: 0.001 };
    const own = createCallerBounds(limits);
    const pipeline = createPipeline(counting, { limits, introspection: true, callers: own, now: () => 0 });
    await Promise.all(
      Array.from({ length: 20 }, () => pipeline({ identify, payload: { query: "{ crashes }" }, kinds })),
    );
    expect(planned.length).toBe(1);
    await expect(pipeline({ identify, payload: { query: "{ crashes }" }, kinds })).rejects.toThrow("asks faster");
  });

  it("lets another caller plan what the first may not pay for", async () => {
    const limits = { ...DEFAULT_LIMITS, allowance: 15, allowancePerSecond: 0.001 };
    const own = createCallerBounds(limits);
    const pipeline = createPipeline(executor, { limits, introspection: true, callers: own, now: () => 0 });
    const { principal, expiresAt } = await identify();
    await own.take(principal, 10);
    const eve = async () => ({ principal: { ...principal, subject: "eve" }, expiresAt });
    const payload = { query: "{ crashes }" };
    const asked = [pipeline({ identify, payload, kinds }), pipeline({ identify: eve, payload, kinds })];
    const [refused, answered] = await Promise.allSettled(asked);
    expect([refused?.status, answered?.status]).toEqual(["rejected", "fulfilled"]);
  });

  it("asks who it is before it reads anything", async () => {
    const pipeline = createPipeline(executor, { limits: DEFAULT_LIMITS, introspection: true, callers });
    const nobody = (): Promise<never> => Promise.reject(new Error("nobody"));
    await expect(pipeline({ identify: nobody, payload: { query: "{ broken" }, kinds })).rejects.toThrow("nobody");
  });

  it("keeps the schema to itself when introspection is off", async () => {
    const pipeline = createPipeline(executor, { limits: DEFAULT_LIMITS, introspection: false, callers });
    await expect(pipeline({ identify, payload: { query: "{ __schema { types { name } } }" }, kinds })).rejects.toThrow(
      "introspection",
    );
    await expect(pipeline({ identify, payload: { query: "{ __typename }" }, kinds })).resolves.toBeDefined();
  });
});
