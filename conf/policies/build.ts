/**
 * Compiles tools.rego to the wasm that ships, and writes the manifest that says what it was made of.
 *
 *   node conf/policies/build.ts           tests the policy, compiles it, writes tools.wasm and tools.manifest.json
 *   node conf/policies/build.ts --compile FOLDER  compiles the policy of another folder, and prints it as JSON {report: {wasm}}
 *   node conf/policies/build.ts --check   fails when a source or the wasm is not what the manifest says; needs no OPA
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
const ENTRYPOINT = "soma/tools/decision";
/** Rules that the decision is made of, compiled as entry points too: which of them hold explains it. */
const RULES = ["known_role", "listed", "risk_within"];
const SOURCES = ["tools.rego", "tools_test.rego"];
const MIN_COVERAGE = 95;

const folder = fileURLToPath(new URL("./", import.meta.url));
const tools = fileURLToPath(new URL("../../.tools/bin/", import.meta.url));
const read = (name: string): Buffer => readFileSync(join(folder, name));
const sha256 = (name: string): string => hash("sha256", read(name), "hex");

function manifest(): string {
  const sources = Object.fromEntries(SOURCES.map((name) => [name, sha256(name)]));
  return `${JSON.stringify({ opa: OPA_VERSION, entrypoint: ENTRYPOINT, rules: RULES.join(" "), sources, wasm: sha256("tools.wasm") }, null, 2)}\n`;
}

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

function test(opa: string): void {
  const report = JSON.parse(
    execFileSync(opa, ["test", "--coverage", ...SOURCES], { cwd: folder, encoding: "utf8" }),
  ) as { coverage: number };
  execFileSync(opa, ["test", ...SOURCES], { cwd: folder, stdio: "inherit" });
  if (report.coverage < MIN_COVERAGE)
    throw new Error(`the policy's tests cover ${report.coverage} %; at least ${MIN_COVERAGE} % is asked for`);
}

function compile(opa: string): void {
  const version = /Version: (\S+)/.exec(execFileSync(opa, ["version"], { encoding: "utf8" }))?.[1];
  if (version !== OPA_VERSION) throw new Error(`${opa} is OPA ${version}; the policy is built with ${OPA_VERSION}`);
  writeFileSync(join(folder, "tools.wasm"), toWasm(opa, folder, { sources: ["tools.rego"], rules: RULES }));
}

/** The rules are entry points beside the decision; one that a policy does not have cannot be compiled. */
function toWasm(opa: string, cwd: string, { sources, rules }: { sources: string[]; rules: string[] }): Buffer {
  const work = mkdtempSync(join(tmpdir(), "soma-policy-"));
  try {
    // The library's list of what it can evaluate: a builtin it lacks fails here and not at a decision.
    const listed = JSON.parse(
      readFileSync(
        new URL("../../node_modules/@open-policy-agent/opa-wasm/capabilities.json", import.meta.url),
        "utf8",
      ),
    ) as object;
    const capabilities = join(work, "capabilities.json");
    // Rego v1 is how the source is written, not something the wasm has to be able to do; the list is older than it.
    writeFileSync(capabilities, JSON.stringify({ ...listed, features: ["rego_v1"] }));
    const entrypoints = [ENTRYPOINT, ...rules.map((rule) => `soma/tools/${rule}`)].flatMap((name) => ["-e", name]);
    const bundle = join(work, "bundle.tar.gz");
    const args = ["build", "-t", "wasm", ...entrypoints, "--capabilities", capabilities, "-o", bundle, ...sources];
    execFileSync(opa, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    execFileSync("tar", ["xzf", bundle, "-C", work, "/policy.wasm"], { stdio: ["ignore", "ignore", "pipe"] });
    return readFileSync(join(work, "policy.wasm"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A policy that somebody tries: with the rules of ours that it has, and by whatever OPA is there. */
function compileOther(cwd: string): object {
  const opa = lookForOpa();
  if (opa === undefined) return { error: "there is no OPA; put opa into the PATH, or name it in OPA_BIN" };
  const sources = readdirSync(cwd).filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"));
  const text = sources.map((name) => readFileSync(join(cwd, name), "utf8")).join("\n");
  const rules = RULES.filter((rule) => new RegExp(`^${rule}\\b`, "m").test(text));
  try {
    return { report: { wasm: toWasm(opa, cwd, { sources, rules }).toString("base64") } };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: Buffer; stderr?: Buffer };
    return { error: `${stdout}${stderr}`.trim() || String(error) };
  }
}

const [, , option, other] = process.argv;
if (option === "--compile") {
  console.log(JSON.stringify(compileOther(other ?? ".")));
} else if (option === "--check") {
  if (read("tools.manifest.json").toString() !== manifest()) {
    throw new Error(
      "conf/policies: a .rego file or tools.wasm is not what tools.manifest.json says; run `node conf/policies/build.ts`",
    );
  }
  console.log("policy: tools.wasm is up to date");
} else {
  const opa = findOpa();
  test(opa);
  compile(opa);
  writeFileSync(join(folder, "tools.manifest.json"), manifest());
  console.log("policy: tools.wasm written");
}
