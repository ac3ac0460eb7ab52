import { generateKeyPairSync, hash, sign } from "node:crypto";
import { AUDIT_FORMAT, type AuditLine } from "../audit-lines.ts";
import { sealDigest } from "../check-seal.ts";
import { hashOfEvent, sha256 } from "../inclusion-proof.ts";
import { treeHead } from "../merkle-tree.ts";
import { type AuditSeal, detailsText, NO_SEAL, type SealedEvent, type SignedSeal, sealText } from "../sealed-event.ts";

/** Who seals, and the public key of it. */
export function createSealing(keyId: string | null = "k1") {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const signed = (seal: AuditSeal): SignedSeal => ({
    ...seal,
    signature: sign(null, Buffer.from(sealText(seal)), privateKey).toString("base64url"),
  });
  return {
    publicKey: { ...publicKey.export({ format: "jwk" }), ...(keyId === null ? {} : { kid: keyId }) },
    signed,

    /** An export of an audit whose seals cover so many events each. */
    async audit(sizes: readonly number[], tenant = "acme"): Promise<AuditLine[]> {
      const lines: AuditLine[] = [{ kind: "head", format: AUDIT_FORMAT, tenant }];
      let [firstSeq, previous] = [1, NO_SEAL];
      for (const [i, size] of sizes.entries()) {
        const events = Array.from({ length: size }, (_, n) => aSealedEvent(firstSeq + n, tenant));
        const seal = signed({ tenant, number: i + 1, firstSeq, size, head: await headOf(events), previous, at: AT, keyId });
        lines.push({ kind: "seal", seal }, ...events.map((event): AuditLine => ({ kind: "event", event })));
        firstSeq += size;
        previous = sealDigest(seal);
      }
      return [...lines, { kind: "end", seals: sizes.length, events: firstSeq - 1 }];
    },
  };
}

const AT = "2026-01-01T00:00:00.000Z";

export async function headOf(events: readonly SealedEvent[]): Promise<string> {
  return Buffer.from(await treeHead(sha256, await Promise.all(events.map(hashOfEvent)))).toString("hex");
}

function aSealedEvent(seq: number, tenant: string): SealedEvent {
  const salt = hash("sha256", `${seq}`, "hex").slice(0, 32);
  const details = { actor: "user:ada", subject: "tool:clock", reason: "a\u2028b", meta: { run_id: `r${seq}`, cost: 0.1 } };
  const eventId = `01990000-0000-7000-8000-${String(seq).padStart(12, "0")}`;
  const fields = { tenant, seq, eventId, category: "policy", decision: "deny", policyVersion: null, at: AT, traceId: "t" };
  return { ...fields, salt, details, detailsDigest: hash("sha256", detailsText(salt, details), "hex") };
}
