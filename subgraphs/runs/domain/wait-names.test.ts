import { signalNameFault } from "@soma/sdk/signal-name";
import { describe, expect, it } from "vitest";
import { RUN_ID } from "../testing/events.ts";
import {
  approvalIdOf,
  approvalName,
  budgetName,
  childName,
  isApprovalName,
  isBudgetName,
  isChildName,
  parseApprovalId,
} from "./wait-names.ts";

describe("names of what a step waits for", () => {
  it("are such as nobody can send, and tell what they are of", () => {
    for (const name of [approvalName(3, 0), childName(RUN_ID)]) expect(signalNameFault(name)).toMatch(/is not 1 to 64/);
    expect([approvalName(3, 0), childName(RUN_ID), "paid"].map(isApprovalName)).toEqual([true, false, false]);
    expect([approvalName(3, 0), childName(RUN_ID), "paid"].map(isChildName)).toEqual([false, true, false]);
  });

  it("parseApprovalId() gives what approvalIdOf() was made of, and nothing for another text", () => {
    const id = approvalIdOf(RUN_ID, approvalName(12, 3));
    expect(id).toBe(`${RUN_ID}.12.3`);
    expect(parseApprovalId(id)).toEqual({ runId: RUN_ID, name: "approval:12.3" });
    expect(parseApprovalId(approvalIdOf(RUN_ID, budgetName(12, 3)))).toEqual({
      runId: RUN_ID,
      name: "approval:12.3.budget",
    });
    expect([budgetName(1, 0), approvalName(1, 0), "x.budget"].map(isBudgetName)).toEqual([true, false, false]);
    for (const other of ["", RUN_ID, `${RUN_ID}.12`, `${RUN_ID}.0.1`, `${id}.1`, "x.1.1"])
      expect(parseApprovalId(other)).toBeUndefined();
  });
});
