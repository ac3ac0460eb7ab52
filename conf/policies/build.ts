/**
 * Compiles tools.rego to the wasm that ships, and render.rego of the charts to the one that their tests read; writes of each
 * the manifest that says what it was made of.
 *
 *   node conf/policies/build.ts           tests the policies, compiles them, writes each wasm and its manifest
 *   node conf/policies/build.ts --compile FOLDER  compiles the policy of another folder, and prints it as JSON {report: {wasm}}
 *   node conf/policies/build.ts --check   fails when a source or a wasm is not what its manifest says; needs no OPA
 *
 * OPA is taken from OPA_BIN, PATH or .tools/bin, else built with `go install` into .tools/bin.
 */
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Older ones accept bundles whose signature does not fit (GHSA-g2pf-6v5v-qcc8). */
const OPA_VERSION = "1.21.3";
const MIN_COVERAGE = 95;

/** A policy is `<name>.rego`, with `<name>_test.rego` where rules are tested by rules. */
interface Policy {
  folder: string;
  name: string;
  entrypoint: string;
  /** Rules that the decision is made of, compiled as entry points too: which of them hold explains it. */
  rules: readonly string[];
  sources: readonly string[];
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const tools = at("../../.tools/bin/");
const OF_TOOLS: Policy = {
  folder: at("./"),
  name: "tools",
  entrypoint: "soma/tools/decision",
  rules: ["known_role", "listed", "risk_within"],
  sources: ["tools.rego", "tools_test.rego"],
};
const POLICIES: readonly Policy[] = [
  OF_TOOLS,
  // A test in TypeScript breaks each of its rules, in what the charts make.
  {
    folder: at("../../infra/helm/rules/"),
    name: "render",
    entrypoint: "soma/render/faults",
    rules: [],
    sources: ["render.rego"],
  },
];

function manifestOf({ folder, name, entrypoint, rules, sources }: Policy): string {
  const sha256 = (file: string): string => hash("sha256", readFileSync(join(folder, file)), "hex");
  const made = {
    opa: OPA_VERSION,
    entrypoint,
    rules: rules.join(" "),
    sources: Object.fromEntries(sources.map((file) => [file, sha256(file)])),
    wasm: sha256(`${name}.wasm`),
  };
  return `${JSON.stringify(made, null, 2)}\n`;
}

const manifestPath = ({ folder, name }: Policy): string => join(folder, `${name}.manifest.json`);

function lookForOpa(): string | undefined {
  const onPath = (process.env.PATH ?? "").split(delimiter).map((dir) => join(dir, "opa"));
  return [process.env.OPA_BIN ?? "", ...onPath, join(tools, "opa")].find((path) => path !== "" && existsSync(path));
}

function findOpa(): string {
  const found = lookForOpa();
  if (found !== undefined) return found;
  mkdirSync(tools, { recursive: true });
  execFileSync("go", ["install", `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
    env: { ...process.env, GOBIN: tools },
    stdio: "inherit",
  });
  return join(tools, "opa");
}

function test(opa: string, { folder, sources }: Policy): void {
  if (sources.length === 1) return;
  const report = JSON.parse(
    execFileSync(opa, ["test", "--coverage", ...sources], { cwd: folder, encoding: "utf8" }),
  ) as { coverage: number };
  execFileSync(opa, ["test", ...sources], { cwd: folder, stdio: "inherit" });
  if (report.coverage < MIN_COVERAGE)
    throw new Error(`the policy's tests cover ${report.coverage} %; at least ${MIN_COVERAGE} % is asked for`);
}

function compile(opa: string, policy: Policy): void {
  const version = /Version: (\S+)/.exec(execFileSync(opa, ["version"], { encoding: "utf8" }))?.[1];
  if (version !== OPA_VERSION) throw new Error(`${opa} is OPA ${version}; the policy is built with ${OPA_VERSION}`);
  const { folder, name } = policy;
  writeFileSync(join(folder, `${name}.wasm`), toWasm(opa, { ...policy, sources: [`${name}.rego`] }));
}

/** The rules are entry points beside the decision; one that a policy does not have cannot be compiled. */
function toWasm(opa: string, { folder, entrypoint, rules, sources }: Omit<Policy, "name">): Buffer {
  const work = mkdtempSync(join(tmpdir(), "soma-policy-"));
  try {
    // The library's list of what it can evaluate: a builtin it lacks fails here and not at a decision.
    const list = new URL("../../node_modules/@open-policy-agent/opa-wasm/capabilities.json", import.meta.url);
    const listed = JSON.parse(readFileSync(list, "utf8")) as object;
    const capabilities = join(work, "capabilities.json");
    // Rego v1 is how the source is written, not something the wasm has to be able to do; the list is older than it.
    writeFileSync(capabilities, JSON.stringify({ ...listed, features: ["rego_v1"] }));
    const inPackage = (rule: string): string => entrypoint.replace(/[^/]+$/, rule);
    const entrypoints = [entrypoint, ...rules.map(inPackage)].flatMap((name) => ["-e", name]);
    const bundle = join(work, "bundle.tar.gz");
    const args = ["build", "-t", "wasm", ...entrypoints, "--capabilities", capabilities, "-o", bundle, ...sources];
    execFileSync(opa, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    execFileSync("tar", ["xzf", bundle, "-C", work, "/policy.wasm"], { stdio: ["ignore", "ignore", "pipe"] });
    return readFileSync(join(work, "policy.wasm"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A policy that somebody tries: with the rules of ours that it has, and by whatever OPA is there. */
function compileOther(folder: string): object {
  const opa = lookForOpa();
  if (opa === undefined) return { error: "there is no OPA; put opa into the PATH, or name it in OPA_BIN" };
  const sources = readdirSync(folder).filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"));
  const text = sources.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const { entrypoint } = OF_TOOLS;
  const rules = OF_TOOLS.rules.filter((rule) => new RegExp(`^${rule}\\b`, "m").test(text));
  try {
    return { report: { wasm: toWasm(opa, { folder, entrypoint, rules, sources }).toString("base64") } };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: Buffer; stderr?: Buffer };
    return { error: `${stdout}${stderr}`.trim() || String(error) };
  }
}

const [, , option, other] = process.argv;
if (option === "--compile") {
  console.log(JSON.stringify(compileOther(other ?? ".")));
} else if (option === "--check") {
  for (const policy of POLICIES)
    if (readFileSync(manifestPath(policy), "utf8") !== manifestOf(policy))
      throw new Error(
        `${policy.folder}: a .rego file or ${policy.name}.wasm is not what ${policy.name}.manifest.json says; run \`node conf/policies/build.ts\``,
      );
  console.log("policies: each wasm is up to date");
} else {
  const opa = findOpa();
  for (const policy of POLICIES) {
    test(opa, policy);
    compile(opa, policy);
    writeFileSync(manifestPath(policy), manifestOf(policy));
    console.log(`policies: ${policy.name}.wasm written`);
  }
}
