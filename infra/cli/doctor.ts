import { existsSync } from "node:fs";
import { StatusDocument } from "@soma/graphql/operations";
import { isAlive, nearestDataDir, readRuntime } from "./data-folder.ts";
import { findProduct, type ProductOptions } from "./find-product.ts";
import { hintsFor } from "./hints.ts";
import { askNextStart } from "./next-start.ts";
import { print, printJson } from "./print.ts";

interface Finding {
  what: string;
  ok: boolean;
  detail: string;
}

/** What is there, what answers and why. Looks at everything, so that one thing that is wrong does not hide the next. */
export async function doctor(options: ProductOptions, json: boolean): Promise<void> {
  const findings = (await Promise.all([node(), data(options), running(options), nextStart()])).flat();
  if (json) printJson(findings);
  else for (const { what, ok, detail } of findings) print(`${ok ? "✓" : "✕"} ${what.padEnd(12)} ${detail}`);
  process.exitCode = findings.every((finding) => finding.ok) ? 0 : 1;
}

function node(): Finding[] {
  const ok = Number(process.versions.node.split(".")[0]) >= 24;
  return [
    {
      what: "Node",
      ok,
      detail: ok ? process.versions.node : `${process.versions.node}; 24 is needed, run the command through npx`,
    },
  ];
}

async function data(options: ProductOptions): Promise<Finding[]> {
  const { start } = hintsFor(options, process.cwd());
  const dataDir = options.data ?? nearestDataDir(process.env, process.cwd());
  if (dataDir === undefined || !existsSync(dataDir))
    return [{ what: "Data", ok: false, detail: `no data folder yet; \`${start}\` makes one` }];
  const runtime = await readRuntime(dataDir);
  const alive = runtime !== undefined && isAlive(runtime.pid);
  return [
    {
      what: "Data",
      ok: alive,
      detail: `${dataDir}${alive ? `, used by process ${runtime?.pid}` : `, not in use; start with \`${start}\``}`,
    },
  ];
}

async function running(options: ProductOptions): Promise<Finding[]> {
  try {
    const product = await findProduct(options, process.env, process.cwd());
    const ready = await fetch(new URL("/readyz", product.url), { signal: AbortSignal.timeout(3_000) });
    const readiness: Finding = {
      what: "Product",
      ok: ready.ok,
      detail: `${product.url} says: ${(await ready.text()).trim()}`,
    };
    const { modelStatus, health } = await product.client.request(StatusDocument, {});
    return [
      readiness,
      {
        what: "Model",
        ok: true,
        detail: `${modelStatus.profile} (${modelStatus.model})${modelStatus.isAi ? "" : ", a set of rules and not an AI"}: ${modelStatus.reason}`,
      },
      ...health.components.map((component) => ({
        what: component.name.toLowerCase(),
        ok: component.status === "OK",
        detail: component.detail ?? component.status,
      })),
    ];
  } catch (error) {
    return [{ what: "Product", ok: false, detail: error instanceof Error ? error.message : String(error) }];
  }
}

async function nextStart(): Promise<Finding[]> {
  const found = await askNextStart();
  return found === undefined ? [] : [{ what: "Next start", ...found }];
}
