import { FIRST_FOLLOW_STATE, type FollowState } from "@soma/graphql/follow-state";
import { expect, test, vi } from "vitest";
import { createRunLog } from "./run-log.ts";
import { createRunLogs } from "./run-logs.ts";
import { createFeeds } from "./testing/feeds.ts";
import { history, RUN_ID, WHOLE_RUN } from "./testing/history.ts";
import type { LogEvent } from "./view.ts";

const EVENTS = history(WHOLE_RUN);
const state = (change: Partial<FollowState>): FollowState => ({ ...FIRST_FOLLOW_STATE, ...change });

/** A connection the test feeds, paints that happen when it says so, and a clock it moves. */
function setUp() {
  const { feeds, follow } = createFeeds();
  const paints: (() => void)[] = [];
  const timers: (() => void)[] = [];
  let now = 1_000;
  const deps = {
    follow,
    schedule: (work: () => void) => void paints.push(work),
    now: () => now,
    later(work: () => void) {
      timers.push(work);
      return () => void timers.splice(timers.indexOf(work), 1);
    },
  };
  const paint = (): void => {
    for (const work of paints.splice(0)) work();
  };
  const setNow = (ms: number): void => {
    now = ms;
  };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { deps, feeds, paints, paint, timers, settled, setNow };
}

test("createRunLog() gives its readers one new snapshot a paint, however many events came", async () => {
  const { deps, feeds, paints, paint, settled } = setUp();
  const log = createRunLog(RUN_ID, deps);
  const notify = vi.fn();
  log.subscribe(notify);
  const first = log.getSnapshot();
  for (const event of EVENTS.slice(0, 5)) feeds.get(RUN_ID)?.push(event);
  await settled();
  expect([log.getSnapshot(), paints.length, notify.mock.calls.length]).toEqual([first, 1, 0]);
  paint();
  expect(log.getSnapshot().view.seq).toBe(5);
  expect(notify).toHaveBeenCalledTimes(1);
  log.close();
});

test("createRunLog() shows events and the state that counts them in the same paint", async () => {
  const { deps, feeds, paint, settled, setNow } = setUp();
  const log = createRunLog(RUN_ID, deps);
  setNow(2_000);
  feeds.get(RUN_ID)?.push(EVENTS[0] as LogEvent);
  feeds.get(RUN_ID)?.params.onState(state({ phase: "LIVE", received: 1, head: 1 }));
  await settled();
  paint();
  expect(log.getSnapshot()).toMatchObject({
    view: { seq: 1 },
    state: { phase: "LIVE", head: 1 },
    heardAt: 2_000,
    eventAt: 2_000,
    closed: null,
  });
  log.close();
});

test("createRunLog() does not take a loss of the connection for having heard from the server", async () => {
  const { deps, feeds, paint, setNow } = setUp();
  const log = createRunLog(RUN_ID, deps);
  setNow(2_000);
  feeds.get(RUN_ID)?.params.onState(state({ phase: "LIVE", head: 1 }));
  setNow(9_000);
  feeds.get(RUN_ID)?.params.onState(state({ phase: "STALE", head: 1 }));
  paint();
  expect(log.getSnapshot()).toMatchObject({ state: { phase: "STALE" }, heardAt: 2_000 });
  log.close();
});

test("createRunLog() says why following ended early, and keeps what it has", async () => {
  const { deps, feeds, paint, settled } = setUp();
  const log = createRunLog(RUN_ID, deps);
  feeds.get(RUN_ID)?.push(EVENTS[0] as LogEvent);
  feeds.get(RUN_ID)?.end(new Error("the run is not there"));
  await settled();
  paint();
  expect(log.getSnapshot()).toMatchObject({ closed: "the run is not there", view: { seq: 1 } });
  expect(log.isOver()).toBe(true);
});

test("createRunLogs() follows a run once for all who watch it, and stops some time after the last", async () => {
  const { deps, feeds, timers, settled } = setUp();
  const logs = createRunLogs(deps);
  const stops = [logs.watch(RUN_ID, () => {}), logs.watch(RUN_ID, () => {})];
  await settled();
  const signal = feeds.get(RUN_ID)?.params.signal;
  expect(feeds.size).toBe(1);
  for (const stop of stops) stop();
  expect(signal?.aborted).toBe(false);
  expect(timers).toHaveLength(1);
  timers[0]?.();
  expect(signal?.aborted).toBe(true);
  expect(logs.peek(RUN_ID)).toBeUndefined();
});

test("createRunLogs() goes on with a run that is watched again in time", async () => {
  const { deps, feeds, timers, settled } = setUp();
  const logs = createRunLogs(deps);
  logs.watch(RUN_ID, () => {})();
  const stop = logs.watch(RUN_ID, () => {});
  await settled();
  expect([feeds.size, timers.length]).toEqual([1, 0]);
  stop();
  timers[0]?.();
});

test.each([
  ["some", 3_000, [undefined, 1, 1]],
  ["no room, and then the newest all the same", 0, [undefined, undefined, 1]],
])("createRunLogs() keeps finished runs for going back by their bytes: %s", async (_name, keepBytes, kept) => {
  const { deps, feeds, paint, settled } = setUp();
  const logs = createRunLogs({ ...deps, keepBytes });
  for (const runId of ["a", "b", "c"]) {
    const stop = logs.watch(runId, () => {});
    await settled();
    feeds.get(runId)?.push({ ...(EVENTS[0] as LogEvent), payload: { input: { text: "x".repeat(900) } } });
    feeds.get(runId)?.end();
    await settled();
    paint();
    stop();
  }
  expect(["a", "b", "c"].map((runId) => logs.peek(runId)?.view.seq)).toEqual(kept);
});

test("retryNow() of a run that had ended goes on after its newest event, for one that was rolled back", async () => {
  const { deps, feeds, paint, settled } = setUp();
  const logs = createRunLogs(deps);
  logs.watch(RUN_ID, () => {});
  await settled();
  const [first, second] = EVENTS as [LogEvent, LogEvent];
  expect(feeds.get(RUN_ID)?.params.after.seq).toBe(0);
  feeds.get(RUN_ID)?.push(first);
  feeds.get(RUN_ID)?.end();
  await settled();
  paint();
  logs.retryNow(RUN_ID);
  await settled();
  expect(feeds.get(RUN_ID)?.params.after).toBe(first);
  feeds.get(RUN_ID)?.push(second);
  await settled();
  paint();
  expect(logs.peek(RUN_ID)?.events.map(({ seq }) => seq)).toEqual([1, 2]);
});

test("createRunLogs() tells when a run's status becomes another one, and only then", async () => {
  const { deps, feeds, paint, settled } = setUp();
  const logs = createRunLogs(deps);
  const seen: string[] = [];
  logs.onStatus((runId, status) => seen.push(`${runId === RUN_ID} ${status}`));
  const stop = logs.watch(RUN_ID, () => {});
  await settled();
  for (const event of EVENTS) {
    feeds.get(RUN_ID)?.push(event);
    await settled();
    paint();
  }
  expect(seen).toEqual(["true RUNNING", "true SUCCEEDED"]);
  feeds.get(RUN_ID)?.end();
  await settled();
  stop();
});

test("createRunLogs() follows four runs at a time and then the one that was asked for last", async () => {
  const { deps, feeds, settled } = setUp();
  const logs = createRunLogs(deps);
  for (const runId of ["a", "b", "c", "d", "e", "f"]) logs.watch(runId, () => {});
  await settled();
  expect([...feeds.keys()]).toEqual(["a", "b", "c", "d"]);
  feeds.get("b")?.end();
  await settled();
  expect([...feeds.keys()]).toEqual(["a", "b", "c", "d", "f"]);
});

test("retryNow() of a run's log ends the wait for its next connection, and of no run does nothing", async () => {
  const { deps, feeds, settled } = setUp();
  const logs = createRunLogs(deps);
  logs.watch(RUN_ID, () => {});
  await settled();
  logs.retryNow(RUN_ID);
  const goOn = vi.fn();
  feeds.get(RUN_ID)?.params.onWait(goOn);
  logs.retryNow("another");
  expect(goOn).not.toHaveBeenCalled();
  logs.retryNow(RUN_ID);
  expect(goOn).toHaveBeenCalledOnce();
});
