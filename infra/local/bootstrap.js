/**
 * The first file of every npm script. It runs on whatever Node npm runs on, installs what package-lock.json asks for,
 * and runs everything else on the Node 24 that npm installed. Plain JavaScript without dependencies, for that reason.
 *
 *   node infra/local/bootstrap.js start|test|check|codegen [arguments]
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const stamps = join(root, "node_modules/.soma");
const NEEDED_MAJOR = 24;

function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32" && command === "npm",
    ...options,
  });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function digestOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path).update(readFileSync(path));
  return hash.digest("hex");
}

/** Every file under a folder, in order. */
function filesUnder(folder, leaveOut) {
  return readdirSync(folder)
    .sort()
    .filter((name) => !leaveOut.includes(name))
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesUnder(path, leaveOut) : [path];
    });
}

/** Runs `make` unless it was run for the same inputs before. */
function once(name, inputs, make) {
  const stamp = join(stamps, name);
  const digest = digestOf(inputs);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  make();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, digest);
}

function install() {
  once("installed", [join(root, "package-lock.json"), join(root, "package.json")], () => {
    console.log("Installing packages (once)...");
    // Engine warnings are about the Node that npm runs on, not the one that runs the packages.
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  });
}

function findNode() {
  const node = join(root, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
  if (Number(version.slice(1).split(".")[0]) >= NEEDED_MAJOR) return node;
  return fail(
    `Node ${NEEDED_MAJOR} is needed, and the one npm should have installed at ${node} ${version === "" ? "does not run" : `is ${version}`}.\n` +
      `Remove node_modules and run the command again; if install scripts are switched off, run "npm rebuild node".`,
  );
}

function buildWebui(node) {
  const sources = [
    ...filesUnder(join(root, "webui"), ["dist", "node_modules"]),
    ...filesUnder(join(root, "graphql"), ["node_modules"]),
    ...filesUnder(join(root, "schemas"), ["node_modules"]),
  ];
  const build = () =>
    run(node, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "error"], {
      cwd: join(root, "webui"),
    });
  if (!existsSync(join(root, "webui/dist/index.html"))) {
    build();
    mkdirSync(stamps, { recursive: true });
    writeFileSync(join(stamps, "webui"), digestOf(sources));
  } else {
    once("webui", sources, build);
  }
}

/** Types, lint and format, generated files, pure tests. */
function check(node, withTests) {
  run(node, [join(root, "node_modules/.bin/tsc"), "-p", "."]);
  run(node, [join(root, "node_modules/@biomejs/biome/bin/biome"), "check", "."]);
  run(node, ["codegen.ts", "--check"]);
  run(node, ["conf/policies/build.ts", "--check"]);
  if (withTests) run(node, [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", "pure"]);
}

/** The one command of CI: the checks, then every test, then what the runner's own report counted. */
function test(node, args) {
  check(node, false);
  buildWebui(node);
  const report = join(root, ".tmp/test-report.json");
  mkdirSync(dirname(report), { recursive: true });
  const vitest = [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...args,
  ];
  const result = spawnSync(node, vitest, { cwd: root, stdio: "inherit" });
  const {
    numTotalTests = 0,
    numPassedTests = 0,
    success = false,
  } = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
  // A test that was skipped has shown nothing, so it does not count as passed.
  const failed = Math.max(numTotalTests - numPassedTests, result.status === 0 && success ? 0 : 1);
  console.log(`tests: ${numPassedTests} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

function start(node, args) {
  buildWebui(node);
  const child = spawn(node, [join(root, "infra/local/up.ts"), ...args], { cwd: root, stdio: "inherit" });
  // Ctrl-C reaches the whole process group; other signals are handed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

const [command = "", ...args] = process.argv.slice(2);
install();
const node = findNode();
process.env.PATH = `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`;
if (command === "start") start(node, args);
else if (command === "test") test(node, args);
else if (command === "check") check(node, true);
else if (command === "codegen") run(node, ["codegen.ts", ...args]);
else fail(`"${command}" is not a command; use start, test, check or codegen`);
