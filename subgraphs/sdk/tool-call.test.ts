import { describe, expect, it } from "vitest";
import type { StepContext } from "./node.ts";
import type { StepServices } from "./services.ts";
import { StepError } from "./step-error.ts";
import { createTestServices } from "./testing/services.ts";
import { noStreams, TEST_RUN } from "./testing/step.ts";
import { decideCall, invokeDecided, parseArguments } from "./tool-call.ts";

const call = { name: "find", args: { id: "A-1" }, idempotencyKey: "run.1:call:1" };
const now = () => new Date(0);
const { services } = createTestServices({ tools: { find: () => "found" }, now });

/** A step whose tools subgraph differs in these verbs, and what happened to the step. */
function aStep(tools: Partial<StepServices["tools"]> = {}, { canceled = false } = {}) {
  const seen = { copied: [] as unknown[], logged: [] as string[], canceled: [] as string[] };
  const note = (_fields: object, sentence: string): void => void seen.logged.push(sentence);
  const cancel = async (id: string): Promise<void> => void seen.canceled.push(id);
  const context: StepContext = {
    ...{ run: TEST_RUN, stepId: "run.1", stepNumber: 1, attempt: 1, woken: undefined, wakes: 0, unsettled: false },
    signal: new AbortController().signal,
    canceled: () => canceled,
    services: { ...services, tools: { ...services.tools, cancel, ...tools } },
    streams: { ...noStreams, copy: (frame) => void seen.copied.push(frame) },
    log: { info: note, warn: note, error: note },
    now,
  };
  return { context, seen };
}

/** What the tools subgraph throws in place of an answer. */
const throws = (error: unknown) => ({ invoke: () => Promise.reject(error) });
const coded = (code: string) => Object.assign(new Error(`it says ${code}`), { code });

describe("decideCall()", () => {
  it("asks the policy about a tool that there is, also about remembering, and about no other", async () => {
    const { context } = aStep();
    expect(await decideCall(call, context)).toMatchObject({ allow: true, token: "token" });
    expect(await decideCall({ ...call, name: "remember" }, context)).toMatchObject({ allow: true });
    expect(await decideCall({ ...call, name: "gone" }, context)).toBeUndefined();
  });
});

describe("invokeDecided()", () => {
  it("gives the answer, and copies what the tool says while it works", async () => {
    const frame = { stream: "s", seq: 0, data: "fo" };
    const { context, seen } = aStep({
      async *frames() {
        yield frame;
      },
    });
    expect(await invokeDecided(call, "token", context)).toMatchObject({ status: "SUCCEEDED", output: "found" });
    expect(seen).toEqual({ copied: [frame], logged: [], canceled: [] });
  });

  it("gives the answer also when nobody could follow what the tool said, and logs that", async () => {
    const { context, seen } = aStep({
      // biome-ignore lint/correctness/useYield: it breaks before it says anything.
      async *frames() {
        throw new Error("cut");
      },
    });
    expect(await invokeDecided(call, "token", context)).toMatchObject({ output: "found" });
    expect(seen.logged).toEqual(["tool output could not be followed to its end"]);
  });

  it("answers a call that can never be taken", async () => {
    for (const code of ["BAD_INPUT", "PAYLOAD_TOO_LARGE"])
      expect(await invokeDecided(call, "token", aStep(throws(coded(code))).context)).toEqual({
        ...{ id: null, status: "FAILED", output: null },
        error: { type: code, message: `it says ${code}` },
      });
  });

  it("waits where the call is not at fault, and throws on what it does not know", async () => {
    const thrown = (error: unknown) => invokeDecided(call, "token", aStep(throws(error)).context);
    const late = new StepError("UNAVAILABLE", "the decision expired before the tool was called");
    await expect(thrown(coded("DECISION_EXPIRED"))).rejects.toThrow(late);
    for (const code of ["LIMIT_EXCEEDED", "TOOL_BUSY"])
      await expect(thrown(coded(code))).rejects.toMatchObject({ code: "UNAVAILABLE", message: `it says ${code}` });
    await expect(thrown(coded("FORBIDDEN"))).rejects.toThrow("it says FORBIDDEN");
    await expect(thrown("a word")).rejects.toBe("a word");
  });

  it("cancels the invocation of a run that was canceled, and of no run that only lost its process", async () => {
    const canceled = aStep(throws(coded("ABORTED")), { canceled: true });
    await expect(invokeDecided(call, "token", canceled.context)).rejects.toThrow("it says ABORTED");
    expect(canceled.seen.canceled).toEqual(["invocation of run.1:call:1"]);
    const stopped = aStep(throws(coded("ABORTED")));
    await expect(invokeDecided(call, "token", stopped.context)).rejects.toThrow("it says ABORTED");
    expect(stopped.seen.canceled).toEqual([]);
  });
});

describe("parseArguments()", () => {
  const written = (text: string) => parseArguments({ id: "c", name: "find", arguments: text });

  it("gives what a model wrote, and nothing written is no argument", () => {
    expect(written('{"id":"A-1"}')).toEqual({ args: { id: "A-1" } });
    expect(written("")).toEqual({ args: {} });
  });

  it.each([
    ["[1]", "the arguments are not a JSON object"],
    ["{", "the arguments are not a JSON object"],
    [
      '{"order":12345678901234567890}',
      'the number 12345678901234567890 at "order" cannot be kept exactly; send it as a text',
    ],
    ['{"amount":1e400}', 'the number 1e400 at "amount" cannot be kept exactly; send it as a text'],
  ])("tells why no tool is called with %s", (text, fault) => {
    expect(written(text)).toEqual({ args: undefined, fault });
  });
});
