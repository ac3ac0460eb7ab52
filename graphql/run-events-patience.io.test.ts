import { GraphQLError } from "graphql";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { FollowState } from "./follow-state.ts";
import { followRun, type RunEvent } from "./run-events.ts";
import { createFollower } from "./testing/follower.ts";
import {
  batch,
  end,
  heartbeat,
  makeHistory,
  RUN_ID,
  type RunServerOptions,
  type Script,
  startRunServer,
} from "./testing/run-server.ts";

const fails = (code: string, retryable: boolean): GraphQLError =>
  new GraphQLError(`failed with ${code}`, { extensions: { code, retryable, traceId: "t1" } });

describe("followRun(), when nothing comes", () => {
  const follower = createFollower();
  let history: RunEvent[];
  beforeAll(async () => {
    history = await makeHistory(60);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await follower.server.close();
  });
  /** Each wait is as long as it can be. */
  const waitLongest = (): void => void vi.spyOn(Math, "random").mockReturnValue(0.999);

  it("is STALE when nothing is heard, and connects anew by itself", async () => {
    const seen = await follower.follow(
      ({ attempt, afterSeq }) =>
        attempt === 1 ? [batch(history.slice(0, 10)), "hang"] : [batch(history.slice(afterSeq)), end(history)],
      { staleMs: 1_000 },
    );
    expect(seen).toEqual(history);
    expect(follower.phases().slice(0, 5)).toEqual(["LOADING", "CATCHING_UP", "LIVE", "STALE", "CATCHING_UP"]);
    expect(follower.final()).toMatchObject({ phase: "ENDED", reconnects: 1 });
    expect(follower.server.asked).toEqual([0, 10]);
  });

  it("stays with a quiet run as long as heartbeats come", async () => {
    const seen = await follower.follow(
      async function* () {
        yield batch(history);
        for (let beat = 0; beat < 6; beat += 1) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          yield heartbeat(history);
        }
        yield end(history);
      },
      { staleMs: 1_000 },
    );
    expect([seen.length, follower.server.asked, follower.phases().includes("STALE")]).toEqual([60, [0], false]);
  });

  it.each(["NOT_FOUND", "TOKEN_EXPIRED", "FORBIDDEN", "CURSOR_INVALID"])(
    "throws %s, because asking again cannot help",
    async (code) => {
      await expect(follower.follow(() => [fails(code, false)])).rejects.toMatchObject({
        name: "SomaRequestError",
        code,
        retryable: false,
        traceId: "t1",
      });
      expect(follower.server.asked).toEqual([0]);
    },
  );

  it.each([4401, 4403])("throws UNAUTHENTICATED when the connection is closed with %i", async (refuseWith) => {
    await expect(follower.follow(() => [], {}, { refuseWith })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      retryable: false,
    });
  });

  it("waits longer each time it asks in vain, up to a limit", async () => {
    waitLongest();
    const times: number[] = [];
    await follower.follow(
      ({ attempt, afterSeq }) => {
        times.push(performance.now());
        return attempt < 6 ? ["drop"] : [batch(history.slice(afterSeq)), end(history)];
      },
      { backoffMs: 20 },
    );
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(waits[4] ?? 0).toBeGreaterThanOrEqual(20 * 2 ** 4 * 0.9);
    expect(follower.states.filter(({ phase }) => phase === "RECONNECTING").map(({ detail }) => detail)).toContainEqual(
      expect.stringMatching(/^try 3, in 0\.\d s$/),
    );
  });

  it("does not ask in a rush when a gap cannot be repaired", async () => {
    waitLongest();
    const stop = new AbortController();
    const times: number[] = [];
    const script: Script = () => {
      if (times.push(performance.now()) === 4) stop.abort();
      return [heartbeat([]), batch(history.slice(3)), "hang"];
    };
    await follower.follow(script, { backoffMs: 40, signal: stop.signal });
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(40 * 0.9);
  });

  it("waits no longer than it is told to, and not at all when somebody asks for the next try", async () => {
    waitLongest();
    const waits: string[] = [];
    const onState = ({ detail }: FollowState): void => void (detail === undefined || waits.push(detail));
    const drops = (): number => waits.length;
    const script: Script = () => (drops() < 6 ? ["drop"] : [batch(history), end(history)]);
    const onWait = (goOn: () => void): void => goOn();
    const events = await follower.follow(script, { backoffMs: 60_000, maxBackoffMs: 90_000, onWait, onState });
    expect(events).toHaveLength(60);
    expect(waits.slice(0, 3).map((words) => words.replace(/^try \d+, in /, ""))).toEqual([
      "59.9 s",
      "89.9 s",
      "89.9 s",
    ]);
  });

  it("ends quietly when its signal aborts, whatever it waits for", async () => {
    const scripts: [Script, RunServerOptions][] = [
      [() => ["hang"], {}],
      [() => ["drop"], {}],
      [() => [], { mute: true }],
    ];
    for (const [script, options] of scripts) {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 30);
      expect(await follower.follow(script, { signal: stop.signal, backoffMs: 1_000 }, options)).toEqual([]);
      await follower.server.close();
    }
    follower.server = await startRunServer(() => []);
    expect(
      await followRun({ url: follower.server.url, runId: RUN_ID, afterSeq: 0, signal: AbortSignal.abort() }).next(),
    ).toEqual({ done: true, value: undefined });
    expect(follower.server.asked).toEqual([]);
  });

  it("tells the server when its reader leaves", async () => {
    follower.server = await startRunServer(() => [batch(history), "hang"]);
    for await (const event of followRun({ url: follower.server.url, runId: RUN_ID, afterSeq: 0 }))
      if (event.seq === 3) break;
    await expect.poll(() => follower.server.open()).toBe(0);
  });
});
