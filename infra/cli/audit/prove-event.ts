import { AuditProofDocument } from "@soma/graphql/operations";
import { checkInclusion, type InclusionProof } from "@soma/schemas/audit/inclusion-proof";
import { CliError, EXIT } from "../cli-error.ts";
import type { Product } from "../find-product.ts";
import { print, printJson, safe } from "../print.ts";
import { ALL_OR_NOTHING } from "../run-history.ts";
import { NO_KEYS, readSealKeys } from "./seal-keys.ts";

interface ProveOptions {
  /** Of an audit event. */
  id: string;
  /** A file of public keys. */
  keys?: string | undefined;
  json: boolean;
}

/** That a seal covers an event as it is, checked here. */
export async function proveEvent({ client }: Product, { id, keys, json }: ProveOptions): Promise<void> {
  const checkSeal = await readSealKeys(keys);
  const { auditProof } = await client.request(AuditProofDocument, { eventId: id }, ALL_OR_NOTHING);
  if (auditProof === null || auditProof === undefined)
    throw new CliError(`no seal covers audit event ${safe(id)}: it does not exist, or waits for its seal`, {
      code: "NOT_FOUND",
    });
  const proof = auditProof as InclusionProof;
  const why = await checkInclusion(proof, checkSeal);
  if (json) {
    printJson({ ...proof, signature: checkSeal !== undefined, fault: why ?? null });
    if (why !== undefined) process.exitCode = EXIT.FAILED;
    return;
  }
  if (why !== undefined)
    throw new CliError(`audit event ${safe(id)} is not as it was sealed: ${safe(why)}`, { code: "AUDIT_ALTERED" });
  const { event, seal } = proof;
  const where = `event ${event.seq} of the audit of ${event.tenant}`;
  print(safe(`${where} is as it was sealed: seal ${seal.number} of ${seal.at}`));
  if (checkSeal === undefined) print(NO_KEYS);
}
