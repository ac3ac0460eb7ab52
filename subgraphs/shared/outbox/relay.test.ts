import { afterEach, describe, expect, it, vi } from "vitest";
import { createSilentLog } from "../log.ts";
import type { Loop } from "../loop.ts";
import { createRecordingBus } from "../testing/outbox-stage.ts";
import { createRelay, type RelayRow, type RelaySource, startRelay } from "./relay.ts";

/** A relay of a place where nothing waits. */
function startIdle(source: Partial<RelaySource<RelayRow>>, intervalMs?: number): Loop {
  return startRelay<RelayRow>({
    source: {
      next: async () => ({ rows: [], full: false }),
      settle: async () => [],
      isOurs: async () => true,
      measure: async () => ({ rows: 0, ageS: 0, dead: 0, behind: undefined }),
      release: async () => {},
      ...source,
    },
    schema: "nowhere",
    bus: createRecordingBus().bus,
    log: createSilentLog(),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  });
}

/** Closes a relay whose lease is given back at the so-manieth try; tells how often it was tried. */
async function closeWith(succeedsAt: number): Promise<number> {
  let tries = 0;
  const relay = startIdle({
    async release() {
      tries += 1;
      if (tries < succeedsAt) throw new Error("the connection was lost");
    },
  });
  await relay.close();
  return tries;
}

describe("a relay that is told of what is written", () => {
  afterEach(() => void vi.useRealTimers());

  it("looks at once, and once more for all that is told of soon after", async () => {
    vi.useFakeTimers();
    let rounds = 0;
    let tell = (): void => {};
    const relay = startIdle(
      {
        async next() {
          rounds += 1;
          return { rows: [], full: false };
        },
        onWritten(listener) {
          tell = listener;
          return () => {};
        },
      },
      3_600_000,
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rounds).toBe(1);
    for (let i = 0; i < 100; i += 1) tell();
    await vi.advanceTimersByTimeAsync(1);
    expect(rounds).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rounds).toBe(3);
    await relay.close();
  });
});

describe("a relay with a backlog", () => {
  const row = (eventId: string): RelayRow => ({
    eventId,
    record: { topic: "soma.acme.agent.audit.v1", key: "k", headers: {}, value: '{"reason":"r"}' },
  });

  it("counts what waits once a second, and not in each full round", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let measured = 0;
    let left = 20;
    const source: RelaySource<RelayRow> = {
      async next() {
        left -= 1;
        vi.advanceTimersByTime(100);
        return { rows: [row(String(left))], full: left > 0 };
      },
      settle: async () => [],
      isOurs: async () => true,
      async measure() {
        measured += 1;
        return { rows: 0, ageS: 0, dead: 0 };
      },
      release: async () => {},
    };
    const { bus } = createRecordingBus();
    const relay = createRelay({ source, schema: "nowhere", bus, log: createSilentLog() });
    while (await relay.tick());
    vi.useRealTimers();
    expect(measured).toBe(3);
  });
});

describe("a relay that stops", () => {
  it("gives its lease back although that failed at first, and once is enough", async () => {
    expect(await closeWith(3)).toBe(3);
    expect(await closeWith(1)).toBe(1);
  });

  it("ends all the same when it cannot be given back in the time of a stop", async () => {
    expect(await closeWith(Number.POSITIVE_INFINITY)).toBe(4);
  });
});
