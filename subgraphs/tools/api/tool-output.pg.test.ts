import { derivedId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { StreamFrame } from "@soma/shared/stream-frames/graphql-frames";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import type { WakeUp } from "@soma/shared/wake-up";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { aGate, aTool, type Gate } from "../testing/tools.ts";
import { createInvocationHints } from "./invocation-hints.ts";
import { type FollowOutputDeps, followToolOutput } from "./tool-output.ts";

let fixture: ToolsFixture;
let runner: ToolsProcess;
let gate: Gate;
let deps: FollowOutputDeps;
let closeHints: () => Promise<void>;
const tools = [
  aTool("talk", async (_args, { emit }) => {
    emit("one ");
    await gate.passed;
    emit("two");
    return undefined;
  }),
  aTool(
    "flood",
    (_args, { emit }) => {
      for (let i = 0; i < 100; i += 1) emit(`${i}`.padEnd(2_000, "."));
      return undefined;
    },
    { maxOutputBytes: 500_000 },
  ),
];

beforeAll(async () => {
  fixture = await createToolsFixture("output");
  runner = await fixture.start(tools);
  const { sql, wakeUp } = runner.deps;
  const lostHints = createInvocationHints({ sql, wakeUp, log: createSilentLog(), everyMs: 20 });
  closeHints = lostHints.close;
  deps = { sql, wakeUp, lostHints };
});
afterAll(async () => {
  await closeHints();
  await fixture.close();
});

const idOf = (key: string) => derivedId("Invocation", "acme", key);
function follow(key: string, after = -1, changes: Partial<FollowOutputDeps> = {}) {
  return followToolOutput({ ...deps, ...changes }, aPrincipal(), { invocationId: idOf(key), after });
}
async function collect(frames: AsyncIterable<StreamFrame>): Promise<StreamFrame[]> {
  const all: StreamFrame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}
const dataOf = (frames: readonly StreamFrame[]) =>
  frames.map((frame) => (frame.__typename === "StreamData" ? frame.data : "")).join("");

describe("followToolOutput()", () => {
  it("waits for an invocation that does not exist yet, gives frames as they come, and ends with it", async () => {
    gate = aGate();
    const frames = follow("early");
    const firstFrame = frames.next();
    const invoked = runner.invoke({ tool: "talk", args: {}, idempotencyKey: "early" });
    const stream = `${idOf("early")}.1`;
    expect((await firstFrame).value).toEqual({
      __typename: "StreamStart",
      stream,
      seq: 0,
      tool: "talk",
      callId: idOf("early"),
      contentType: "text/plain; charset=utf-8",
    });
    expect((await frames.next()).value).toEqual({ __typename: "StreamData", stream, seq: 1, data: "one " });
    gate.open();
    expect(await collect(frames)).toMatchObject([
      { __typename: "StreamData", seq: 2, data: "two" },
      { __typename: "StreamEnd", seq: 3, status: "OK", bytes: 7 },
    ]);
    expect((await invoked).status).toBe("SUCCEEDED");
  });

  it("hears of another process's frames although their hints are lost", async () => {
    gate = aGate();
    const other = await fixture.start(tools);
    const frames = collect(follow("elsewhere"));
    const invoked = other.invoke({ tool: "talk", args: {}, idempotencyKey: "elsewhere" });
    gate.open();
    expect(dataOf(await frames)).toBe("one two");
    await invoked;
  });

  it("goes on after any frame, without a gap and without a repetition", async () => {
    await runner.invoke({ tool: "flood", args: {}, idempotencyKey: "flood" });
    const all = await collect(follow("flood"));
    expect(dataOf(all)).toHaveLength(200_000);
    expect(all.length).toBeGreaterThan(10);
    for (const after of [0, 1, 7, all.length - 2])
      expect(await collect(follow("flood", after))).toEqual(all.slice(after + 1));
    expect(await collect(follow("flood", all.length - 1))).toEqual([]);
    expect(await collect(follow("flood", 10_000))).toEqual([]);
  });

  it("gives more frames than one read takes", async () => {
    const rows = Array.from({ length: 150 }, (_, i) => i);
    gate = aGate();
    const invoked = runner.invoke({ tool: "talk", args: {}, idempotencyKey: "many" });
    await until(
      "it started",
      async () =>
        (await fixture.database.owner`select 1 from stream_frame where invocation_id = ${idOf("many")}`).length > 0,
    );
    gate.open();
    await invoked;
    await fixture.database.owner`delete from stream_frame where invocation_id = ${idOf("many")} and kind <> 'start'`;
    await fixture.database.owner`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, data)
      select 'acme', ${idOf("many")}, 1, i + 1, i + 1, 'data', i::text from unnest(${rows}::int[]) i`;
    expect((await collect(follow("many"))).length).toBe(151);
  });

  it("does not wait for ever: not for an invocation that never comes, nor for one that never goes on", async () => {
    await expect(collect(follow("never", -1, { limits: { appearMs: 300 } }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    gate = aGate();
    const invoked = runner.invoke({ tool: "talk", args: {}, idempotencyKey: "stalled" });
    await expect(collect(follow("stalled", -1, { limits: { silenceMs: 400 } }))).rejects.toMatchObject({
      code: "TIMEOUT",
      retryable: true,
    });
    gate.open();
    await invoked;
  });

  it("reads once for each hint, and not by itself while nothing comes", async () => {
    gate = aGate();
    const limits: number[] = [];
    const hint = Promise.withResolvers<void>();
    const counted: WakeUp = {
      ...runner.deps.wakeUp,
      next(name, limitMs, signal) {
        limits.push(limitMs);
        return Promise.race([hint.promise, runner.deps.wakeUp.next(name, limitMs, signal)]);
      },
    };
    const invoked = runner.invoke({ tool: "talk", args: {}, idempotencyKey: "quiet" });
    await until(
      "it wrote",
      async () =>
        (await fixture.database.owner`select 1 from stream_frame where invocation_id = ${idOf("quiet")}`).length === 2,
    );
    const frames = collect(follow("quiet", 1, { wakeUp: counted }));
    await until("it waits", () => limits.length > 0);
    gate.open();
    await invoked;
    hint.resolve();
    expect(dataOf(await frames)).toBe("two");
    for (const limitMs of limits) expect(limitMs).toBeGreaterThan(60_000);
  });

  it("ends at once for a reader that leaves while nothing comes", async () => {
    gate = aGate();
    const invoked = runner.invoke({ tool: "talk", args: {}, idempotencyKey: "left" });
    // Without hints: nothing but its leaving can end the wait.
    let waiting = 0;
    const silent: WakeUp = {
      ...runner.deps.wakeUp,
      next: (_name, _limitMs, signal) =>
        new Promise((resolve) => {
          waiting += 1;
          signal?.addEventListener("abort", () => resolve(), { once: true });
        }),
    };
    const unhinted = { ...deps, wakeUp: silent };
    const leave = new AbortController();
    const { signal } = leave;
    const quiet = collect(followToolOutput(unhinted, aPrincipal(), { invocationId: idOf("left"), after: 9, signal }));
    const never = collect(
      followToolOutput(unhinted, aPrincipal(), { invocationId: idOf("nothing"), after: -1, signal }),
    );
    await until("both wait", () => waiting === 2);
    leave.abort();
    expect(await Promise.all([quiet, never])).toEqual([[], []]);
    gate.open();
    await invoked;
  });

  it("shows another tenant nothing, and refuses cursors and ids that are none", async () => {
    const id = idOf("flood");
    const theirs = followToolOutput({ ...deps, limits: { appearMs: 300 } }, aPrincipal({ tenant: "other" }), {
      invocationId: id,
      after: -1,
    });
    await expect(collect(theirs)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(collect(follow("flood", -2))).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    const noId = followToolOutput(deps, aPrincipal(), { invocationId: "x", after: -1 });
    await expect(collect(noId)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
