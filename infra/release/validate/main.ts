/**
 * The checklist of a release: asks a running product, by its address, for what it promises, and reports it as JSON.
 *
 *   SOMA_TOKEN=TOKEN node infra/release/validate/main.ts --url URL [--json FILE] [--require CHECK]
 */
import { parseArgs } from "node:util";
import { writeReport } from "@soma/local/write-report";
import { CHECKS } from "./checks.ts";
import { validateProduct } from "./validate-product.ts";

const SIGNS = { passed: "✓", failed: "✕", not_checked: "-" } as const;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`checklist: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: process.env.SOMA_URL ?? "" },
      json: { type: "string" },
      require: { type: "string", multiple: true, default: [] },
    },
  });
  if (!URL.canParse(values.url)) throw new Error(`--url "${values.url}" is no address of a product`);
  const token = process.env.SOMA_TOKEN ?? "";
  if (token === "") throw new Error("SOMA_TOKEN is not set; `soma token` prints one");
  const unknown = values.require.filter((name) => !(name in CHECKS));
  if (unknown.length > 0) throw new Error(`--require ${unknown.join()}: there are ${Object.keys(CHECKS).join(", ")}`);
  const report = await validateProduct({ url: values.url, token, required: values.require, env: process.env });
  for (const { name, outcome, detail, ms } of report.checks)
    console.log(`${SIGNS[outcome]} ${name.padEnd(8)} ${detail} (${ms} ms)`);
  if (values.json !== undefined) await writeReport(values.json, report);
  return report.passed ? 0 : 1;
}
