import { describe, expect, it } from "vitest";
import { aHistory } from "../testing/events.ts";
import { checkCheckpoint } from "./checkpoints.ts";
import { isMigration, pinAt } from "./migrations.ts";

const done = (step: number) => ({ kind: "STEP_SUCCEEDED" as const, step });
const moved = { from: "bill@1#a", to: "bill@2#b", node: "n" };
const events = aHistory(
  { kind: "RUN_STARTED" },
  done(1),
  { kind: "RUN_MIGRATED", payload: { ...moved, state: null } },
  { kind: "RUN_MIGRATED", payload: { ...moved, state: { total: 1 } } },
  done(2),
);

describe("a history with a migration", () => {
  it("is folded by the graph it had then, unless that one's successor folds it as it stands", () => {
    expect(events.filter(isMigration).map(({ seq }) => seq)).toEqual([4]);
    expect([1, 3, 4, 5].map((seq) => pinAt(events, seq, "bill@2#b"))).toEqual([
      ...["bill@1#a", "bill@1#a"],
      ...["bill@2#b", "bill@2#b"],
    ]);
  });

  it("is not gone on with from before it", () => {
    expect(() => checkCheckpoint("r", events, 2)).toThrow(
      /migrated from bill@1#a to bill@2#b at event 4, which is after event 2/,
    );
    expect(() => checkCheckpoint("r", events, 5)).not.toThrow();
  });
});
