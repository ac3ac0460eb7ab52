import { resolve } from "node:path";
import { parseVerdictLine, verifyLines } from "@soma/schemas/verdict/verdict-lines";
import type { Finding, Verdict, VerdictCounts } from "@soma/schemas/verdict/verifier";
import { CliError, EXIT } from "../cli-error.ts";
import { readExport } from "../export-file.ts";
import type { Product } from "../find-product.ts";
import { line, print, printJson, safe, toJson } from "../print.ts";
import { recordedLines, type Span } from "./recorded-lines.ts";

export interface VerifyOptions extends Span {
  /** An export; a running product when left out. */
  file?: string | undefined;
  json: boolean;
}

/** Of those that do not follow, with `--json`; the counts have all. */
const MOST_TOLD = 1_000;

/** Recomputes decisions from what was stored with them, and names every one that does not follow. */
export async function verifyDecisions(product: () => Promise<Product>, options: VerifyOptions): Promise<void> {
  const { file, from, to, json } = options;
  const findings: Finding[] = [];
  const counts = await verifyLines(
    file === undefined ? recordedLines((await product()).client, { from, to }) : readExport(resolve(file), parseVerdictLine),
    {
      fromMs: from === undefined ? undefined : Date.parse(from),
      toMs: to === undefined ? undefined : Date.parse(to),
      onFinding(finding) {
        if (!json) tell(finding);
        else if (findings.length < MOST_TOLD) findings.push(finding);
      },
    },
  ).catch((cause: unknown) => {
    if (!(cause instanceof TypeError) || file === undefined) throw cause;
    throw new CliError(`${file} is not a sound export: ${cause.message}`, { code: "EXPORT_BROKEN", cause });
  });
  const wrong = counts.differ + counts.altered + counts.unknown;
  if (json) {
    printJson({ ...counts, findings });
    if (wrong > 0) process.exitCode = EXIT.FAILED;
    return;
  }
  print(`${wrong > 0 ? "\n" : ""}${describeCounts(counts)}`);
  if (wrong > 0)
    throw new CliError(`${wrong} ${wrong === 1 ? "decision does" : "decisions do"} not follow from what is stored`, {
      code: "VERDICTS_DIFFER",
    });
}

function tell({ id, kind, why, stored, recomputed }: Finding): void {
  print(safe(`${kind} decision ${id}: ${why}`));
  if (stored !== undefined) print(`  stored      ${describe(stored)}`);
  if (recomputed !== undefined) print(`  recomputed  ${describe(recomputed)}`);
}

/** A verdict in a line. */
export function describe({ allow, reason, obligations }: Verdict): string {
  const more = Object.keys(obligations ?? {}).length === 0 ? "" : `, with ${toJson(obligations)}`;
  return line(`${allow ? "allowed" : "denied"}: ${reason}${more}`, Infinity);
}

function describeCounts({ follow, differ, altered, unknown, unrecorded }: VerdictCounts): string {
  const all = follow + differ + altered + unknown + unrecorded;
  const old = unrecorded === 0 ? "" : `; ${unrecorded} were made before this was kept`;
  return `${all} decisions: ${follow} follow, ${differ} differ, ${altered} are altered, ${unknown} cannot be recomputed${old}`;
}
