/** What `infra/scan.sh` runs; its options are told there. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeReport } from "@soma/local/write-report";
import { atLeast, LEVELS } from "./run-trivy.ts";
import { type Scan, scanImages, scanTree } from "./scan-tree.ts";

const SHOWN = 20;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`scan: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "fail-on": { type: "string", default: "CRITICAL" },
      vulnerabilities: { type: "boolean", default: false },
      image: { type: "string", multiple: true, default: [] },
      json: { type: "string" },
    },
  });
  const least = LEVELS.find((level) => level === values["fail-on"]);
  if (least === undefined) throw new Error(`--fail-on ${values["fail-on"]} is none of ${LEVELS.join(", ")}`);
  const [dir = fileURLToPath(new URL("../../", import.meta.url))] = positionals;
  const { vulnerabilities } = values;
  const scan =
    values.image.length > 0
      ? await scanImages(values.image, { vulnerabilities })
      : await scanTree(resolve(dir), { vulnerabilities });
  if (values.json !== undefined) await writeReport(values.json, scan);
  tell(scan);
  if (!vulnerabilities) console.log("not looked for: known faults of packages (--vulnerabilities)");
  return atLeast(scan.findings, least).length === 0 ? 0 : 1;
}

function tell({ looked, findings }: Scan): void {
  console.log(`looked at: ${looked.join("; ")}`);
  console.log(LEVELS.map((level) => `${findings.filter((each) => each.level === level).length} ${level}`).join(", "));
  for (const { level, kind, rule, place, title } of findings.slice(0, SHOWN))
    console.log(`${level} ${kind} ${rule} ${place} ${title}`);
  if (findings.length > SHOWN) console.log(`and ${findings.length - SHOWN} more; --json FILE has all of them`);
}
