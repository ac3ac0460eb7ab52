import { existsSync } from "node:fs";
import { StatusDocument } from "@soma/graphql/operations";
import { EXIT } from "./cli-error.ts";
import { askMode, type ModeReport } from "./config.ts";
import { isRunning, nearestDataDir, readRuntime } from "./data-folder.ts";
import { findProduct, type Product, type ProductOptions } from "./find-product.ts";
import { findReadiness, findReadinessInFull } from "./find-readiness.ts";
import { hintsFor } from "./hints.ts";
import { askNextStart } from "./next-start.ts";
import { print, printJson, safe } from "./print.ts";

interface DoctorOptions extends ProductOptions {
  /** One that this machine is to be installed in. */
  mode?: string;
}

interface Finding {
  what: string;
  ok: boolean;
  detail: string;
}

/**
 * What is there, what answers and why. Looks at everything, so that one thing that is wrong does not hide the next. The
 * exit code is 3 when the product cannot be reached, else 1 when anything is wrong.
 */
export async function doctor({ mode, ...options }: DoctorOptions, json: boolean): Promise<void> {
  const [ofData, product, ofNextStart, ofMode] = await Promise.all([
    data(options),
    running(options),
    nextStart(),
    mode === undefined ? [] : lookAtMode(mode),
  ]);
  const findings = [...node(), ...ofData, ...product.findings, ...ofNextStart, ...ofMode];
  if (json) printJson(findings);
  else for (const { what, ok, detail } of findings) print(`${ok ? "✓" : "✕"} ${what.padEnd(12)} ${safe(detail)}`);
  if (!product.reached) process.exitCode = EXIT.UNREACHABLE;
  else if (!findings.every(({ ok }) => ok)) process.exitCode = EXIT.FAILED;
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

/** What is on this machine; a product that is somewhere else needs nothing here. */
async function data(options: ProductOptions): Promise<Finding[]> {
  if (options.data === undefined && process.env.SOMA_URL && process.env.SOMA_TOKEN) return [];
  const { start } = hintsFor(options, process.cwd());
  const dataDir = options.data ?? nearestDataDir(process.env, process.cwd());
  if (dataDir === undefined || !existsSync(dataDir))
    return [{ what: "Data", ok: false, detail: `no data folder yet; \`${start}\` makes one` }];
  const runtime = await readRuntime(dataDir);
  const alive = runtime !== undefined && (await isRunning(runtime));
  return [
    {
      what: "Data",
      ok: alive,
      detail: `${dataDir}${alive ? `, used by process ${runtime?.pid}` : `, not in use; start with \`${start}\``}`,
    },
    ...(alive && runtime.operatorUrl !== undefined ? [await operator(runtime.operatorUrl)] : []),
  ];
}

/** Where the process of the folder tells operators about itself, and what is wrong there in full. */
async function operator(url: string): Promise<Finding> {
  const { ok, detail } = await findReadinessInFull(url).catch((error: Error) => ({ ok: false, detail: error.message }));
  return { what: "Metrics", ok, detail: `${new URL("/metrics", url)}${ok ? "" : `; ${detail}`}` };
}

interface Reached {
  reached: boolean;
  findings: Finding[];
}

async function running(options: ProductOptions): Promise<Reached> {
  const failed = (error: unknown): Finding => ({
    what: "Product",
    ok: false,
    detail: error instanceof Error ? error.message : String(error),
  });
  try {
    const product = await findProduct(options, process.env, process.cwd());
    const ready = await findReadiness(product.url);
    const detail = `${product.url} says: ${ready.detail}`;
    const parts = await answering(product).catch((error: unknown) => [failed(error)]);
    return { reached: true, findings: [{ what: "Product", ok: ready.ok, detail }, ...parts] };
  } catch (error) {
    return { reached: false, findings: [failed(error)] };
  }
}

async function answering({ client }: Product): Promise<Finding[]> {
  const { modelStatus, health } = await client.request(StatusDocument, {});
  return [
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
}

async function nextStart(): Promise<Finding[]> {
  const found = await askNextStart();
  return found === undefined ? [] : [{ what: "Next start", ...found }];
}

/** What keeps this machine from running a mode: what the mode refuses, what comes from a secret, files that are not here. */
async function lookAtMode(mode: string): Promise<Finding[]> {
  const what = `Mode ${mode}`;
  try {
    const found = toDetails(await askMode({ mode }));
    if (found.length === 0) return [{ what, ok: true, detail: "nothing is refused, and nothing lacks" }];
    return found.map((detail) => ({ what, ok: false, detail }));
  } catch (error) {
    return [{ what, ok: false, detail: error instanceof Error ? error.message : String(error) }];
  }
}

function toDetails({ faults, lacks, files }: ModeReport): string[] {
  const secrets = Object.entries(lacks).map(([name, place]) => `${name} is not set; it comes from secret ${place}`);
  return [...faults, ...secrets, ...files];
}
