import type { Command } from "commander";
import type { CommandContext } from "../find-product.ts";
import { exportAudit } from "./export-audit.ts";
import { proveEvent } from "./prove-event.ts";
import { verifyExport } from "./verify-export.ts";

const KEYS = ["--keys <file>", "the public keys that sign decisions, as a JWK or a set of them"] as const;

/** The commands about the sealed audit. */
export function addAudit(program: Command, { product, json }: CommandContext): void {
  const audit = program.command("audit").description("what shows that the audit is as it was sealed");
  audit
    .command("export")
    .requiredOption("--out <file>", "where to write it; what is there is replaced")
    .description("write all seals and the events that they cover, as lines of canonical JSON")
    .action(async (options: { out: string }) => exportAudit(await product(), { ...options, json }));
  audit
    .command("verify")
    .argument("<file>", "an export")
    .option(...KEYS)
    .option("--kept <digest>", "digest of a seal that was kept elsewhere: it must be there")
    .description("check an export without a product, and name all that is not as it was sealed")
    .action(async (file: string, options: { keys?: string; kept?: string }) =>
      verifyExport({ file, ...options, json }),
    );
  audit
    .command("prove")
    .argument("<event>", "id of an audit event")
    .option(...KEYS)
    .description("check that a seal covers an event as it is; with --json, the proof")
    .action(async (id: string, options: { keys?: string }) => proveEvent(await product(), { id, ...options, json }));
}
