/**
 * The first file of every npm script. It runs on whatever Node npm runs on, installs what package-lock.json asks for,
 * and runs everything else on the Node 24 that npm installed. Plain JavaScript without dependencies, for that reason.
 *
 *   node infra/local/bootstrap.js start|start:deno|part|check|codegen|schemas:check|pack|docs [arguments]
 *   node infra/local/bootstrap.js check --before-test   without what `test` does too: types and pure tests
 *   node infra/local/bootstrap.js test [files]
 */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { applyPatches } from "../patches/apply.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const NEEDED_MAJOR = 24;
const nodeProgram = join(root, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");
const START_HELP = `npm start [-- OPTIONS]: everything, until Ctrl-C

  --port N     port of the gateway; without it 4700, or one near it when that is taken. 0 takes any
  --data DIR   folder of the database, keys, log and notes; .soma in the project without it
  --project DIR  folder of your own agents and tools, as \`soma init\` makes one; its data is kept in DIR/.soma
  --kafka HOST:PORT  brokers of Kafka that events go by, several with commas; without it they stay in this process
  --help       this

Settings come from the environment: docs/operator/configuration.md. Afterwards: npx soma --help`;

function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

/** Runs a program to its end, and hands on what we are asked meanwhile; its exit code, 1 when a signal ended it. */
function follow(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    // Who hears a signal from its terminal and from here takes it for one.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => fail(`${command} could not be started: ${error.message}`));
    child.on("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}

function checkWritable() {
  try {
    accessSync(root, constants.W_OK);
  } catch (error) {
    fail(
      `${root} cannot be written to (${error.code}), and packages that it asks for are not installed yet.\n` +
        "Run the command once where it can be written to; afterwards `npm start -- --data DIR` writes nothing but DIR.",
    );
  }
}

/**
 * Whether what is there is what the lock asks for, by the list that npm writes last, whoever ran it. Nothing else is kept of
 * it: somebody may have changed node_modules by hand since.
 */
function isInstalled() {
  if (!existsSync(nodeProgram)) return false;
  try {
    const packagesOf = (path) => JSON.parse(readFileSync(join(root, path), "utf8")).packages;
    const have = packagesOf("node_modules/.package-lock.json");
    return Object.entries(packagesOf("package-lock.json"))
      .filter(([path]) => path.includes("node_modules/"))
      .every(([path, { version, optional }]) =>
        have[path] === undefined ? optional === true : have[path].version === version,
      );
  } catch {
    return false;
  }
}

/** By the lock alone: `npm ci` empties node_modules under whatever runs, so a changed script must not set it off. */
async function install() {
  if (isInstalled()) return;
  checkWritable();
  console.log("Installing packages (once, about 650 MB on disk)...");
  // What builds and checks is wanted too, also where NODE_ENV says production. Engine warnings are about the Node that npm
  // runs on, not the one that runs the packages.
  await runSlowly("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** Runs a program and tells now and then how much the disk has taken; ends with it when it fails. */
async function runSlowly(command, args) {
  const used = () => {
    const { blocks, bfree, bsize } = statfsSync(root);
    return ((blocks - bfree) * bsize) / 1_000_000;
  };
  const [before, started] = [used(), Date.now()];
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1_000);
    console.log(`  ${seconds} s, ${Math.max(0, Math.round(used() - before))} MB`);
  }, 10_000);
  const code = await follow(command, args, { shell: process.platform === "win32" });
  clearInterval(timer);
  if (code !== 0) process.exit(code);
}

/** Installs whose scripts are switched off have not done it; where it is done, nothing is written. */
function patch() {
  try {
    applyPatches();
  } catch (error) {
    fail(error.message);
  }
}

function findNode() {
  const version = spawnSync(nodeProgram, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
  if (Number(version.slice(1).split(".")[0]) >= NEEDED_MAJOR) return nodeProgram;
  return fail(
    `Node ${NEEDED_MAJOR} is needed, and the one npm should have installed at ${nodeProgram} ${version === "" ? "does not run" : `is ${version}`}.\n` +
      `Remove node_modules and run the command again; if install scripts are switched off, run "npm rebuild node".`,
  );
}

/** Runs a step and keeps what it says. */
function capture({ command, args }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => resolve({ ok: false, output: `${command} could not be started: ${error.message}` }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

/**
 * Runs steps side by side, as many as there are cores, and names each as it ends; what a failed one said is shown whole.
 * A failed step stops no other, so that one run shows all there is to mend. Returns the names of those that failed.
 */
async function together(steps) {
  const waiting = [...steps];
  const failed = [];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const started = Date.now();
      const { ok, output } = await capture(step);
      console.log(`${ok ? "ok    " : "FAILED"} ${step.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      if (ok) continue;
      failed.push(step.name);
      console.log(`\n${output.trim()}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), steps.length) }, lane));
  return failed;
}

function typesOf(node) {
  return { name: "types", command: node, args: [join(root, "node_modules/.bin/tsc"), "-p", "."] };
}

/** Everything that needs neither sockets nor Postgres; the longest first, because it runs beside the others. */
async function check(node, { isBeforeTest }) {
  const tool = (name, path, ...args) => ({ name, command: node, args: [join(root, path), ...args] });
  const vitest = ["run", "--project=pure", "--project=dom", "--reporter=dot"];
  const ofTest = [tool("pure tests", "node_modules/vitest/vitest.mjs", ...vitest), typesOf(node)];
  const failed = await together([
    ...(isBeforeTest ? [] : ofTest),
    tool("lint, format and import directions (biome)", "node_modules/@biomejs/biome/bin/biome", "check", "."),
    tool("unused files, exports and dependencies (knip)", "node_modules/knip/bin/knip.js", "--no-progress"),
    tool("generated files", "codegen.ts", "--check"),
    tool("event schemas", "schemas-check.ts"),
    tool("compiled policy", "conf/policies/build.ts", "--check"),
  ]);
  if (failed.length > 0) fail(`check failed: ${failed.join("; ")}`);
}

function finish(passed, failed) {
  console.log(`tests: ${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

/** Types and every test, or the tests of the named files alone; then what the runner's own report counted. */
async function test(node, files) {
  const whole = files.length === 0;
  if (whole) {
    const failed = await together([typesOf(node)]);
    if (failed.length > 0) finish(0, 1);
  }
  const report = join(root, ".tmp/test-report.json");
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  if (whole) args.push("--coverage");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const code = await follow(node, [vitest, ...args, ...files]);
  const {
    numTotalTests = 0,
    numPassedTests = 0,
    success = false,
    testResults = [],
  } = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
  const notRun = namesOfNotRun(testResults);
  for (const name of notRun) console.log(name);
  // A test that was skipped has shown nothing, so it does not count as passed.
  const missed = numTotalTests - numPassedTests - notRun.length;
  finish(numPassedTests, Math.max(missed, code === 0 && success ? 0 : 1));
}

/** Skipped tests whose names say that this machine cannot run them, and why: they are told, and are no failure. */
function namesOfNotRun(testResults) {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(
      ({ status, fullName }) => status !== "passed" && status !== "failed" && fullName.includes("(not run here: "),
    )
    .map(({ fullName }) => fullName);
}

/** npm keeps options that stand before a lone `--` for itself, some without a word, and a product with others would start. */
function refuseOptionsOfNpm(args) {
  for (const option of ["port", "data", "project"])
    if (process.env[`npm_config_${option}`] !== undefined && !args.some((arg) => arg.startsWith(`--${option}`)))
      fail(
        `npm kept --${option} for itself; what is meant for us stands after --, such as: npm start -- --${option} ...`,
      );
}

/**
 * Takes the end of npm for a request to stop. npm hands SIGTERM to the shell between it and us, and most shells die of it
 * without handing it on: what was started would run on, known to nobody.
 */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    if (!process.emit("SIGTERM")) process.exit(1);
  }, 200);
  watch.unref();
}

const [command = "", ...args] = process.argv.slice(2);
if (command === "start" && (args.includes("--help") || args.includes("-h"))) {
  console.log(START_HELP);
  process.exit(0);
}
if (command === "start") refuseOptionsOfNpm(args);
endWithNpm();
await install();
patch();
const node = findNode();
process.env.PATH = `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`;
const program = (file) => follow(node, [join(root, file), ...args]).then((code) => process.exit(code));
if (command === "start") await program("infra/local/up.ts");
else if (command === "start:deno") await program("infra/local/start-deno.ts");
else if (command === "part") await program("infra/local/alone.ts");
else if (command === "test") await test(node, args);
else if (command === "check") await check(node, { isBeforeTest: args.includes("--before-test") });
else if (command === "codegen") await program("codegen.ts");
else if (command === "schemas:check") await program("schemas-check.ts");
else if (command === "pack") await program("infra/pack/main.ts");
else if (command === "docs") await program("infra/docs-site/main.ts");
else
  fail(`"${command}" is not a command; use start, start:deno, part, test, check, codegen, schemas:check, pack or docs`);
