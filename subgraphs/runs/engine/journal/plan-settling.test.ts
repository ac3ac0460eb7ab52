import { newId } from "@soma/shared/ids";
import { createSlowLanes } from "@soma/shared/outbox/slow-lanes";
import { describe, expect, it } from "vitest";
import type { UnpublishedRow } from "../../store/select-published.ts";
import { planSettling } from "./plan-settling.ts";

const aRow = (runId: string, seq: number): UnpublishedRow =>
  ({ position: { xid: "7", runId, seq }, event: { runId, seq } }) as unknown as UnpublishedRow;

describe("planSettling()", () => {
  it("goes on holding a run that has more events than one round takes, though another begins to wait and all places are taken", () => {
    const [recovering, other] = [newId("Run"), newId("Run")];
    const lanes = createSlowLanes<number>(1);
    lanes.hold(recovering, 1);
    const again = [aRow(recovering, 1), aRow(recovering, 2)];
    const fresh = aRow(other, 1);
    const begin = { xid: "0", runId: other, seq: 0 };
    const round = { begin, read: [fresh], due: [{ runId: recovering, seq: 1 }], again, perRun: 2 };
    const plan = planSettling(round, { kept: [fresh], dead: [], lanes });
    expect(plan).toEqual({ to: begin, held: [{ runId: recovering, seq: 3 }], parked: [], freed: [] });
    expect(lanes.entries()).toMatchObject([{ lane: recovering, place: 3 }]);
  });
});
