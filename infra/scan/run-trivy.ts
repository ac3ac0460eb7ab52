import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installPythonTool } from "@soma/local/install-python-tool";
import { isRecord } from "@soma/schemas/json";

const LIST = new URL("./requirements.txt", import.meta.url);
const CACHE = fileURLToPath(new URL("../../.tools/trivy-cache", import.meta.url));
const LIMIT_MS = 600_000;
export const LEVELS = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"] as const;
export type Level = (typeof LEVELS)[number];

export interface Finding {
  level: Level;
  /** What was looked for, such as secret. */
  kind: "secret" | "misconfiguration" | "vulnerability";
  rule: string;
  /** The file, and its line where that is known. */
  place: string;
  title: string;
}

const KINDS = { Secrets: "secret", Misconfigurations: "misconfiguration", Vulnerabilities: "vulnerability" } as const;

/** What Trivy finds. Fails where it left something out, since what was not looked at has no findings either. */
export async function runTrivy(args: readonly string[]): Promise<Finding[]> {
  const program = join(await installPythonTool("trivy", LIST), "trivy");
  const always = ["--format", "json", "--exit-code", "0", "--skip-version-check", "--cache-dir", CACHE];
  const { stdout, stderr } = await promisify(execFile)(program, [...args, ...always], {
    timeout: LIMIT_MS,
    maxBuffer: 256 * 1_048_576,
  }).catch((cause: { stderr?: string; message: string }) => {
    throw new Error(`Trivy failed: ${lastLines(cause.stderr ?? "") || cause.message}`, { cause });
  });
  const skipped = stderr.split("\n").filter((line) => /\bSkipping\b|\bfailed to parse\b/i.test(line));
  if (skipped.length > 0) throw new Error(`Trivy left something out:\n${skipped.join("\n")}`);
  return toFindings(JSON.parse(stdout));
}

const lastLines = (text: string): string => text.trim().split("\n").slice(-5).join("\n");

function toFindings(report: unknown): Finding[] {
  const results = isRecord(report) && Array.isArray(report.Results) ? report.Results : [];
  return results.filter(isRecord).flatMap((result) =>
    Object.entries(KINDS).flatMap(([list, kind]) => {
      const found = result[list];
      return (Array.isArray(found) ? found : [])
        .filter(isRecord)
        .map((one) => toFinding(kind, String(result.Target), one));
    }),
  );
}

function toFinding(kind: Finding["kind"], target: string, one: Record<string, unknown>): Finding {
  const { Severity, RuleID, AVDID, ID, VulnerabilityID, Title, StartLine, CauseMetadata, PkgName } = one;
  const line = StartLine ?? (isRecord(CauseMetadata) ? CauseMetadata.StartLine : undefined);
  const level = LEVELS.find((each) => each === Severity) ?? "UNKNOWN";
  const where = typeof PkgName === "string" ? ` (${PkgName})` : typeof line === "number" ? `:${line}` : "";
  const rule = String(VulnerabilityID ?? RuleID ?? ID ?? AVDID ?? "unnamed");
  return { level, kind, rule, place: `${target}${where}`, title: String(Title ?? "") };
}

export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || (a.place < b.place ? -1 : Number(a.place > b.place)),
  );
}

/** Those that are as bad as `least`, or worse. */
export function atLeast(findings: readonly Finding[], least: Level): Finding[] {
  return findings.filter(({ level }) => LEVELS.indexOf(level) <= LEVELS.indexOf(least));
}
