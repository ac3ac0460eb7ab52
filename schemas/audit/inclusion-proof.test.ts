import { beforeAll, describe, expect, it } from "vitest";
import type { AuditLine } from "./audit-lines.ts";
import { createSealCheck } from "./check-seal.ts";
import { checkInclusion, hashOfEvent, type InclusionProof, sha256 } from "./inclusion-proof.ts";
import { inclusionPath } from "./merkle-tree.ts";
import { createSealing } from "./testing/sealed-audit.ts";

const sealing = createSealing();
const checkSeal = createSealCheck(sealing.publicKey);
let proof: InclusionProof;

beforeAll(async () => {
  const lines = await sealing.audit([1, 5]);
  const seal = lines.flatMap((line) => (line.kind === "seal" ? [line.seal] : []))[1];
  const events = lines.flatMap((line: AuditLine) => (line.kind === "event" ? [line.event] : [])).slice(1);
  const path = await inclusionPath(sha256, await Promise.all(events.map(hashOfEvent)), 3);
  const [event, hexes] = [events[3], path.map((each) => Buffer.from(each).toString("hex"))];
  if (seal === undefined || event === undefined) throw new Error("there are no such lines");
  proof = { event, seal, path: hexes };
});

describe("checkInclusion()", () => {
  it("finds nothing in a proof that holds, with the keys and without", async () => {
    expect(await checkInclusion(proof, checkSeal)).toBeUndefined();
    expect(await checkInclusion(proof, undefined)).toBeUndefined();
  });

  it("says what of a proof does not hold", async () => {
    const whyOf = (changes: Partial<InclusionProof>) => checkInclusion({ ...proof, ...changes }, checkSeal);
    const { event, seal, path } = proof;
    expect(await whyOf({ event: { ...event, decision: "allow" } })).toBe("seal 2 does not cover it as it is");
    expect(await whyOf({ event: { ...event, seq: 4 } })).toBe("seal 2 does not cover it as it is");
    expect(await whyOf({ path: path.slice(1) })).toBe("seal 2 does not cover it as it is");
    expect(await whyOf({ seal: { ...seal, tenant: "beta" } })).toContain("of tenant beta");
    expect(await whyOf({ seal: { ...seal, at: "now" } })).toContain("signature");
    expect(await whyOf({ event: { ...event, salt: "0" } })).toContain("is not what was sealed");
  });
});
