import { describe, expect, it } from "vitest";
import { createSilentLog } from "../log.ts";
import { createRecordingBus } from "../testing/outbox-stage.ts";
import { type RelayRow, startRelay } from "./relay.ts";

/** Closes a relay whose lease is given back at the so-manieth try; tells how often it was tried. */
async function closeWith(succeedsAt: number): Promise<number> {
  let tries = 0;
  const relay = startRelay<RelayRow>({
    source: {
      next: async () => ({ rows: [], full: false }),
      settle: async () => [],
      isOurs: async () => true,
      measure: async () => ({ rows: 0, ageS: 0, dead: 0, behind: undefined }),
      async release() {
        tries += 1;
        if (tries < succeedsAt) throw new Error("the connection was lost");
      },
    },
    schema: "nowhere",
    bus: createRecordingBus().bus,
    log: createSilentLog(),
  });
  await relay.close();
  return tries;
}

describe("a relay that stops", () => {
  it("gives its lease back although that failed at first, and once is enough", async () => {
    expect(await closeWith(3)).toBe(3);
    expect(await closeWith(1)).toBe(1);
  });

  it("ends all the same when it cannot be given back in the time of a stop", async () => {
    expect(await closeWith(Number.POSITIVE_INFINITY)).toBe(4);
  });
});
