import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSomaClient } from "@soma/graphql/client";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { decideApproval, listApprovals } from "./approvals.ts";
import type { Product } from "./find-product.ts";
import { hintsFor } from "./hints.ts";

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
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
    asked.push(body.variables);
    const shown = run === null ? null : { ...run, pendingApprovals: pending };
    const data = body.query?.includes("DecideApproval")
      ? { decideApproval: { run: RUN } }
      : { run: shown, runs: { nodes: [shown] } };
    response.end(JSON.stringify({ data }));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    product = { url, token: "t", client: createSomaClient({ url, token: "t" }), hints: hintsFor({}, "/") };
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => void vi.restoreAllMocks());

  async function show(work: () => Promise<void>): Promise<string> {
    let written = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      written += String(text);
      return true;
    });
    await work().finally(() => vi.restoreAllMocks());
    return written;
  }
  const decide = (step: string | undefined, approve = true) =>
    show(() => decideApproval(product, { id: "r1", step, approve, comment: "fine", json: false }));

  it("lists what waits, a line each, or says that nothing does", async () => {
    pending = [question(1, { expiresAt: "2026-11-27T00:00:00Z" })];
    const listed = await show(() => listApprovals(product, { limit: 20, json: false }));
    expect(listed).toMatch(/RUN +STEP +ROLE/);
    expect(listed).toMatch(/r1 +1 +approver +2026-11-26T00:00:00Z +2026-11-27T00:00:00Z +Refund 1\?/);
    pending = [];
    expect(await show(() => listApprovals(product, { limit: 20, json: false }))).toBe("no run waits for a person\n");
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
