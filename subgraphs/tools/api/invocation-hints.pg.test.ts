import { derivedId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { countTransactions } from "@soma/shared/testing/count-transactions";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { createWakeUp, type WakeUp } from "@soma/shared/wake-up";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { aGate, aTool, type Gate } from "../testing/tools.ts";
import { createInvocationHints } from "./invocation-hints.ts";
import { followToolOutput } from "./tool-output.ts";

describe("createInvocationHints()", () => {
  let fixture: ToolsFixture;
  let process: ToolsProcess;
  let gate: Gate;
  const invoked: Promise<unknown>[] = [];
  const closers: (() => Promise<void> | void)[] = [];
  beforeEach(async () => {
    fixture = await createToolsFixture("hints");
    gate = aGate();
    const talk = aTool("talk", async (_args, { emit }) => {
      emit("one ");
      await gate.passed;
      emit("two");
      return undefined;
    });
    process = await fixture.start([talk]);
  });
  afterEach(async () => {
    gate.open();
    await Promise.all(invoked.splice(0));
    for (const close of closers.splice(0)) await close();
    await fixture.close();
  });

  /** Invokes a tool that stays quiet until its gate is open. */
  async function invoke(key: string): Promise<string> {
    const invocationId = derivedId("Invocation", "acme", key);
    invoked.push(process.invoke({ tool: "talk", args: {}, idempotencyKey: key }));
    const written = () => fixture.database.owner`select 1 from stream_frame where invocation_id = ${invocationId}`;
    await until("it is quiet", async () => (await written()).length === 2);
    return invocationId;
  }

  /** Followers in a process that hears no hints but those that a look finds. */
  function start(everyMs: number) {
    const looking = countTransactions(fixture.database.request);
    const reading = countTransactions(fixture.database.request);
    const wakeUp = createWakeUp();
    const lostHints = createInvocationHints({ sql: looking.sql, wakeUp, log: createSilentLog(), everyMs });
    closers.push(lostHints.close);
    const waits: number[] = [];
    const watched: WakeUp = {
      ...wakeUp,
      next(name, limitMs, signal) {
        waits.push(limitMs);
        return wakeUp.next(name, limitMs, signal);
      },
    };
    function follow(invocationId: string): string[] {
      const seen: string[] = [];
      const { signal, abort } = leaving();
      const frames = followToolOutput({ sql: reading.sql, wakeUp: watched, lostHints }, aPrincipal(), {
        invocationId,
        after: -1,
        signal,
      });
      const work = (async () => {
        for await (const frame of frames) seen.push(frame.__typename);
      })();
      closers.push(() => {
        abort();
        return work;
      });
      return seen;
    }
    return { looks: looking.transactions, reads: reading.transactions, waits, follow };
  }
  function leaving() {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
  }

  it("looks after all who follow quiet invocations at once; they themselves read nothing", async () => {
    const ids = [await invoke("first"), await invoke("second")];
    const { looks, reads, waits, follow } = start(20);
    const followers = Array.from({ length: 200 }, (_, index) => follow(ids[index % 2] ?? ""));
    await until("all have what there is", () => followers.every((seen) => seen.length === 2));
    const settledAt = looks() + 10;
    await until("the first looks are over", () => looks() > settledAt);
    const before = reads();
    const waiting = waits.length;
    await until("it looked a hundred times", () => looks() > settledAt + 100);
    expect(reads()).toBe(before);
    expect(waits).toHaveLength(waiting);
    expect(Math.min(...waits)).toBeGreaterThan(60_000);
  });

  it("looks at nothing while nobody follows anything", async () => {
    const { looks, follow } = start(5);
    follow(await invoke("left"));
    await until("it looks", () => looks() > 2);
    for (const close of closers.splice(1)) await close();
    const before = looks();
    await invoke("unwatched");
    expect(looks() - before).toBeLessThanOrEqual(1);
  });

  it("finds what no hint told: a first frame, and an end", async () => {
    const { looks, follow } = start(20);
    const early = follow(derivedId("Invocation", "acme", "early"));
    await until("it looks for what is not there yet", () => looks() > 3);
    const late = follow(await invoke("early"));
    await until("both have what there is", () => early.length === 2 && late.length === 2);
    gate.open();
    await until("both have the end", () => [early, late].every((seen) => seen.includes("StreamEnd")));
  });
});
