import { resolve } from "node:path";
import { parseAuditLine } from "@soma/schemas/audit/audit-lines";
import { type AuditCounts, type AuditFinding, verifyAudit } from "@soma/schemas/audit/verify-audit";
import { CliError, EXIT } from "../cli-error.ts";
import { readExport } from "../export-file.ts";
import { print, printJson, safe } from "../print.ts";
import { NO_KEYS, readSealKeys } from "./seal-keys.ts";

interface VerifyOptions {
  file: string;
  /** A file of public keys. */
  keys?: string | undefined;
  /** The digest of a seal that somebody kept. */
  kept?: string | undefined;
  json: boolean;
}

/** Of what was found, with `--json`; the counts have all. */
const MOST_TOLD = 1_000;

/** Checks an export by itself, and names everything in it that is not as it was sealed. */
export async function verifyExport({ file, keys, kept, json }: VerifyOptions): Promise<void> {
  const checkSeal = await readSealKeys(keys);
  const findings: AuditFinding[] = [];
  const counts = await verifyAudit(readExport(resolve(file), parseAuditLine), {
    checkSeal,
    kept,
    onFinding(finding) {
      if (!json) tell(finding);
      else if (findings.length < MOST_TOLD) findings.push(finding);
    },
  }).catch((cause: unknown) => {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CliError(`${file} is not a sound export: ${cause.message}`, { code: "EXPORT_BROKEN", cause });
  });
  const { findings: found, ...told } = counts;
  if (json) {
    printJson({ ...told, signatures: checkSeal !== undefined, found, findings });
    if (found > 0) process.exitCode = EXIT.FAILED;
    return;
  }
  print(`${found > 0 ? "\n" : ""}${describeCounts(counts)}`);
  if (checkSeal === undefined) print(NO_KEYS);
  if (found > 0)
    throw new CliError(`${file} is not as it was sealed: ${found} ${found === 1 ? "fault is" : "faults are"} named`, {
      code: "AUDIT_ALTERED",
    });
}

function tell({ seal, seq, eventId, why }: AuditFinding): void {
  const what = seal !== undefined ? `seal ${seal}` : seq !== undefined ? `event ${seq} (${eventId})` : "the file";
  print(safe(`${what}: ${why}`));
}

function describeCounts({ seals, events, newest }: AuditCounts): string {
  const last = newest === null ? "" : `; seal ${newest.number} has the digest ${newest.digest}`;
  return `${seals} seals, ${events} events${last}`;
}
