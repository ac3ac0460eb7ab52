import { describe, expect, it } from "vitest";
import { type AtMostOnceSpec, atMostOnce, type Reconciled } from "./at-most-once.ts";
import { graph, replaced } from "./graph.ts";
import { StepError } from "./step-error.ts";
import { testAgent } from "./test-agent.ts";
import { tryStep } from "./testing/step.ts";

type State = { readonly paid: string };
type Try = "paid" | Error;

/** An agent that pays once, whose tries come out like this, one after the other; and what it did. */
function payer(tries: Try[], more: Partial<AtMostOnceSpec<State>> = {}) {
  const made: Try[] = [];
  const agent = graph("payer", 1, { paid: replaced("") })
    .node(
      "pay",
      atMostOnce<State>({
        type: "payment",
        retry: { maxAttempts: 3, initialMs: 1, maxMs: 1 },
        run() {
          const next = tries[made.length] ?? "paid";
          made.push(next);
          if (next instanceof Error) throw next;
          return { summary: "paid", patch: { paid: "paid" } };
        },
        done: ({ decidedBy }) => ({ summary: "paid", patch: { paid: `paid, says ${decidedBy}` } }),
        ...more,
      }),
    )
    .build(({ paid }) => paid);
  return { agent, made };
}

const lost = new Error("the answer was lost");
const found = (...answers: Reconciled<State>[]) => ({ reconcile: () => answers.shift() });

describe("atMostOnce()", () => {
  it("is done once when it goes well, and again only when it is known not to have been done", async () => {
    const notDone = payer([new StepError("STEP_NOT_DONE", "refused before it began"), "paid"]);
    expect(await testAgent(notDone.agent)).toMatchObject({ status: "SUCCEEDED", answer: "paid" });
    expect(notDone.made).toHaveLength(2);
    const never = payer([1, 2, 3, 4].map(() => new StepError("STEP_NOT_DONE", "closed")));
    expect(await testAgent(never.agent)).toMatchObject({ status: "FAILED", error: { code: "STEP_NOT_DONE" } });
    expect(never.made).toHaveLength(3);
  });

  it("finds out what became of it, and takes that or does it then", async () => {
    const was = payer([lost], found({ summary: "found", patch: { paid: "paid, as the bank says" } }));
    expect(await testAgent(was.agent)).toMatchObject({ answer: "paid, as the bank says" });
    expect(was.made).toHaveLength(1);
    const wasNot = payer([lost], found("NOT_DONE", "NOT_DONE"));
    expect(await testAgent(wasNot.agent)).toMatchObject({ answer: "paid" });
    expect(wasNot.made).toHaveLength(2);
  });

  it.each([
    [undefined, undefined, 30_000],
    [undefined, 40_000, 40_000],
    [5_000, 40_000, 5_000],
  ])(
    "takes nothing for not done while what it called may be at work: openMs %s, timeoutMs %s",
    async (openMs, timeoutMs, waited) => {
      const limits = { ...(openMs === undefined ? {} : { openMs }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
      const late = payer([lost], { ...found("NOT_DONE", { summary: "found late" }), ...limits });
      const { steps, tookMs } = await testAgent(late.agent);
      expect({ steps, made: late.made.length, tookMs }).toMatchObject({
        steps: [{ summary: "found late" }],
        made: 1,
        tookMs: waited,
      });
      const asked = payer([lost], { ...found(undefined, { summary: "found late" }), ...limits });
      expect((await testAgent(asked.agent)).steps[0]?.waits).toEqual([]);
    },
  );

  it("counts from when the attempt was known to be over, and is asked for again no sooner", async () => {
    const node = atMostOnce<State>({
      type: "payment",
      openMs: 5_000,
      run: () => ({ summary: "paid" }),
      reconcile: () => "NOT_DONE",
      done: () => ({ summary: "done" }),
    });
    const after = (ms: number) =>
      tryStep(node, { state: { paid: "" }, context: { unsettled: true, unsettledSince: new Date(-ms) } });
    await expect(after(4_999)).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1 });
    await expect(after(5_000)).rejects.toMatchObject({ code: "STEP_NOT_DONE" });
  });

  it("goes on finding out when that fails, and does nothing meanwhile", async () => {
    const answers: (Reconciled<State> | Error)[] = [
      new StepError("UNAVAILABLE", "the bank is away"),
      { summary: "found" },
    ];
    const reconcile = (): Reconciled<State> => {
      const next = answers.shift();
      if (next instanceof Error) throw next;
      return next;
    };
    const { agent, made } = payer([lost], { reconcile });
    expect(await testAgent(agent)).toMatchObject({ status: "SUCCEEDED", steps: [{ attempts: 2, summary: "found" }] });
    expect(made).toHaveLength(1);
  });

  it("asks a person where nothing can be found out: it was done, or it is done now", async () => {
    const asked = payer([lost], { summary: () => "paying 40 to Ada" });
    const waiting = await testAgent(asked.agent);
    expect(waiting).toMatchObject({
      status: "PARKED",
      steps: [{ waits: [expect.stringMatching(/^Was this done: paying 40 to Ada\?/)] }],
    });
    expect(asked.made).toHaveLength(1);
    const was = payer([lost]);
    expect(await testAgent(was.agent, { decisions: [{ approve: true }] })).toMatchObject({
      answer: "paid, says user:approver",
    });
    expect(was.made).toHaveLength(1);
    const wasNot = payer([lost]);
    expect(await testAgent(wasNot.agent, { decisions: [{ approve: false }] })).toMatchObject({ answer: "paid" });
    expect(wasNot.made).toHaveLength(2);
  });

  it("asks again when the second try is lost, too", async () => {
    const { agent, made } = payer([lost, lost]);
    const decisions = [{ approve: false }, { approve: true }];
    expect(await testAgent(agent, { decisions })).toMatchObject({ answer: "paid, says user:approver" });
    expect(made).toHaveLength(2);
  });

  it("asks a person when finding out fails for good", async () => {
    const reconcile = (): never => {
      throw new Error("no such book");
    };
    const { agent, made } = payer([lost], { reconcile, timeoutMs: 60_000 });
    expect(await testAgent(agent, { decisions: [{ approve: true }] })).toMatchObject({ status: "SUCCEEDED" });
    expect(made).toHaveLength(1);
  });

  it("keeps to what a person said when the process dies that heard it", async () => {
    const wrong = () => expect.fail("it is not looked for, and not done again");
    const node = atMostOnce<State>({
      ...{ type: "payment", run: wrong, reconcile: wrong },
      done: ({ decidedBy }) => ({ summary: `paid, says ${decidedBy}` }),
    });
    const woken = { by: "DECISION", approved: true, decidedBy: "user:ada", comment: null } as const;
    const { result } = await tryStep(node, { state: { paid: "" }, context: { unsettled: true, woken } });
    expect(result.summary).toBe("paid, says user:ada");
  });

  it("waits for an attempt that is still under way before it finds out, and no longer than it may", async () => {
    const gate = Promise.withResolvers<void>();
    const node = atMostOnce<State>({
      type: "payment",
      run: () => gate.promise.then(() => ({ summary: "paid" })),
      reconcile: () => ({ summary: "found" }),
      done: () => ({ summary: "done" }),
    });
    const first = tryStep(node, { state: { paid: "" } });
    const stop = new AbortController();
    const stopped = tryStep(node, { state: { paid: "" }, context: { unsettled: true, signal: stop.signal } });
    stop.abort(new Error("the worker stops"));
    await expect(stopped).rejects.toThrow("the worker stops");
    const second = tryStep(node, { state: { paid: "" }, context: { unsettled: true } });
    gate.resolve();
    expect((await first).result.summary).toBe("paid");
    expect((await second).result.summary).toBe("found");
  });
});
