import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decideApproval, listApprovals } from "./approvals.ts";
import type { Product } from "./find-product.ts";
import { printed, startStubProduct } from "./testing/stub-product.ts";

const question = (step: number, more: object = {}) => ({
  ...{ id: `r1.${step}.0`, stepId: `r1.${step}`, question: `Refund ${step}?\u001b[2J`, details: null },
  ...{ role: "approver", askedAt: "2026-11-26T00:00:00Z", expiresAt: null },
  ...more,
});
const RUN = { id: "r1", graph: "refund", status: "WAITING_APPROVAL" };

describe("soma runs approvals, approve and deny", () => {
  let product: Product;
  let pending: object[] = [];
  let run: object | null = RUN;
  const asked: { input: unknown }[] = [];
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(({ query, variables }) => {
      asked.push(variables as { input: unknown });
      const shown = run === null ? null : { ...run, pendingApprovals: pending };
      const data = query?.includes("DecideApproval")
        ? { decideApproval: { run: RUN } }
        : { run: shown, runs: { nodes: [shown] } };
      return { data };
    }));
  });
  afterAll(() => close());

  const decide = (step: string | undefined, approve = true) =>
    printed(() => decideApproval(product, { id: "r1", step, approve, comment: "fine", json: false }));

  it("lists what waits, a line each, or says that nothing does", async () => {
    pending = [question(1, { expiresAt: "2026-11-27T00:00:00Z" })];
    const listed = await printed(() => listApprovals(product, { limit: 20, json: false }));
    expect(listed).toMatch(/RUN +STEP +ROLE/);
    expect(listed).toMatch(/r1 +1 +approver +2026-11-26T00:00:00Z +2026-11-27T00:00:00Z +Refund 1\?/);
    pending = [];
    expect(await printed(() => listApprovals(product, { limit: 20, json: false }))).toBe("no run waits for a person\n");
  });

  it("decides the one question of a run, and of several the one that is named", async () => {
    pending = [question(1)];
    expect(await decide(undefined)).toMatch(/^run r1: approved: Refund 1\?/);
    expect(asked.at(-1)?.input).toMatchObject({ approvalId: "r1.1.0", approve: true, comment: "fine" });
    pending = [question(1), question(3)];
    await expect(decide(undefined)).rejects.toThrow("run r1 asks in steps 1, 3; say which step is meant");
    expect(await decide("3", false)).toMatch(/^run r1: refused: Refund 3\?/);
    expect(asked.at(-1)?.input).toMatchObject({ approvalId: "r1.3.0", approve: false });
    await expect(decide("2")).rejects.toThrow(
      "run r1 is WAITING_APPROVAL and asks nothing in step 2; it asks in step 1, 3",
    );
    run = null;
    await expect(decide(undefined)).rejects.toThrow(/run r1 does not exist; .* runs approvals/);
  });
});
