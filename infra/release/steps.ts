import { existsSync, globSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { writeReport } from "@soma/local/write-report";
import { validateForPublish } from "@soma/schemas/validate";
import { chooseWayBack, type Revisions, readRevisions } from "./helm-history.ts";
import type { Release } from "./read-release.ts";
import type { Shell } from "./shell.ts";

/** What steps leave for each other, and for who looks at them afterwards. */
export const KEPT = ".tmp/release";
const ENV_FILE = `${KEPT}/global.env`;
const BEFORE = `${KEPT}/before.json`;
const BENCHMARKS = `${KEPT}/agent.benchmarks.v1.json`;
const CHART = "infra/helm/soma-stack";
/** Ten minutes are what an install may take. */
const HELM_LIMIT = "10m";

export type Step = (release: Release, shell: Shell, env: NodeJS.ProcessEnv) => Promise<void>;

/** The environment of the mode as every container has it, held to what the mode refuses. */
async function config({ mode, overlay }: Release, { look, say }: Shell): Promise<void> {
  await mkdir(KEPT, { recursive: true });
  const commands = [
    ["infra/generate-global-env.sh", "--mode", mode, "--out", ENV_FILE, "--force"],
    [process.execPath, "infra/cli/soma.js", "config", "check", "--mode", mode, "--file", ENV_FILE],
  ] as const;
  for (const [program, ...args] of commands) {
    const { code, stdout } = await look(program, args);
    if (code !== 0)
      throw new Error(`mode ${mode} cannot be released: ${stdout.trim() || `${program} ended with ${code}`}`);
  }
  say(`the overlay of ${mode} is ${overlay}; its environment is in ${ENV_FILE}`);
}

const needChart = (): void => {
  if (!existsSync(`${CHART}/Chart.yaml`))
    throw new Error(`there is no chart to install: ${CHART}/Chart.yaml is not there`);
};

/** What Helm is told of a release, whatever it is to do with it. */
function valuesOf({ overlay, values, registry, tag }: Release): string[] {
  const own = values === undefined ? [] : ["--values", values];
  return ["--values", overlay, ...own, "--set-string", `global.image.registry=${registry},global.image.tag=${tag}`];
}

/** The charts as they would be installed. */
async function charts(release: Release, { run }: Shell): Promise<void> {
  needChart();
  const here = { isHarmless: true };
  await run("helm", ["dependency", "build", CHART], here);
  await run("helm", ["lint", "--strict", CHART, ...valuesOf(release)], here);
  const where = ["--namespace", release.namespace, "--output-dir", `${KEPT}/charts`];
  await run("helm", ["template", release.name, CHART, ...where, ...valuesOf(release)], here);
}

/** Each Dockerfile of infra/images is an image of its name. */
function imagesOf({ registry, tag }: Release): { file: string; image: string }[] {
  const files = globSync("infra/images/*.Dockerfile").toSorted();
  if (files.length === 0) throw new Error("there are no images to build: infra/images has no Dockerfile");
  return files.map((file) => ({ file, image: `${registry}/soma-${basename(file, ".Dockerfile")}:${tag}` }));
}

async function images(release: Release, { run }: Shell, env: NodeJS.ProcessEnv): Promise<void> {
  const built = imagesOf(release);
  const { RELEASE_REGISTRY_USER: user, RELEASE_REGISTRY_PASSWORD: password } = env;
  if (user && password) {
    const [host = ""] = release.registry.split("/");
    await run("docker", ["login", host, "--username", user, "--password-stdin"], { input: password });
  }
  for (const { file, image } of built) await run("docker", ["build", "--pull", "--file", file, "--tag", image, "."]);
  // Only what was looked at is handed to others.
  const named = built.flatMap(({ image }) => ["--image", image]);
  await run("infra/scan.sh", ["--vulnerabilities", "--json", `${KEPT}/scan-images.json`, ...named]);
  for (const { image } of built) await run("docker", ["push", image]);
}

/** A cluster that does not answer is not one without a release. */
async function revisionsOf({ name, namespace }: Release, { look, isDry }: Shell): Promise<Revisions> {
  const asked = ["--namespace", namespace, "--output", "json"];
  const history = await look("helm", ["history", name, ...asked]);
  if (history.code === 0) return readRevisions(history.stdout);
  const list = await look("helm", ["list", "--filter", `^${name}$`, ...asked]);
  if (isDry || (list.code === 0 && list.stdout.trim() === "[]")) return {};
  throw new Error(`it cannot be told what is deployed as ${name} in ${namespace}`);
}

/** Helm 3 calls it by another name. */
async function goesBackBy({ look }: Shell): Promise<string> {
  const { stdout } = await look("helm", ["version", "--short"]);
  return stdout.startsWith("v3") ? "--atomic" : "--rollback-on-failure";
}

/** Installs or upgrades, and waits until everything is ready; what was there before is written down. */
async function deploy(release: Release, shell: Shell): Promise<void> {
  needChart();
  const { name, namespace } = release;
  // Where the cluster does not answer, what an earlier release has written down is not what this one goes back to.
  if (!shell.isDry) await rm(BEFORE, { force: true });
  const { deployed = null } = await revisionsOf(release, shell);
  if (!shell.isDry) await writeReport(BEFORE, { revision: deployed });
  const back = await goesBackBy(shell);
  await shell.run("helm", ["dependency", "build", CHART]);
  const where = ["--namespace", namespace, "--create-namespace", "--history-max", "10"];
  const waits = ["--wait", "--timeout", HELM_LIMIT, back];
  await shell.run("helm", ["upgrade", "--install", name, CHART, ...valuesOf(release), ...where, ...waits]);
}

async function validate({ url }: Release, { run }: Shell): Promise<void> {
  if (url === undefined) throw new Error("what was released cannot be looked at: RELEASE_URL is not set");
  await run(process.execPath, ["infra/release/validate/main.ts", "--url", url, "--json", `${KEPT}/validation.json`]);
}

/** Hands over to a program that moves the traffic by and by: it ends with 0 when all of it is at the new version. */
async function canary({ canary: program, name, namespace, url }: Release, { run, say }: Shell): Promise<void> {
  if (program === undefined)
    return say("no canary: RELEASE_CANARY names no program, and all traffic is at the new version");
  if (!existsSync(program)) throw new Error(`the canary cannot begin: ${program} is not there`);
  const about = ["--release", name, "--namespace", namespace, "--steps", "5,25,50,100"];
  await run(program, [...about, ...(url === undefined ? [] : ["--url", url])]);
}

/** After a step that failed: what was deployed before the release is deployed again. */
async function rollback(release: Release, shell: Shell): Promise<void> {
  const { name, namespace } = release;
  if (!existsSync(BEFORE)) return shell.say("nothing to go back to: this release did not come to the cluster");
  const { revision } = JSON.parse(await readFile(BEFORE, "utf8")) as { revision: number | null };
  const way = chooseWayBack(revision ?? undefined, await revisionsOf(release, shell));
  if ("nothing" in way) return shell.say(way.nothing);
  const waits = ["--namespace", namespace, "--wait", "--timeout", HELM_LIMIT];
  await shell.run("helm", ["rollback", name, String(way.to), ...waits]);
}

/** What this machine makes of the engine, as events of agent.benchmarks.v1; published where brokers are set. */
async function bench(_release: Release, { look, say, isDry }: Shell, env: NodeJS.ProcessEnv): Promise<void> {
  const publish = env.SOMA_KAFKA_BROKERS ? ["--publish"] : [];
  if (isDry) return say(`would run: soma bench engine ${publish.join("")}`.trim());
  const { code, stdout } = await look(process.execPath, ["infra/cli/soma.js", "--json", "bench", "engine", ...publish]);
  if (code !== 0) throw new Error(`nothing was measured: ${stdout.trim()}`);
  const events = JSON.parse(stdout) as unknown[];
  if (events.length === 0) throw new Error("nothing was measured: there are no events");
  const faults = events.flatMap((event) => validateForPublish("agent.benchmarks.v1", event));
  if (faults.length > 0) throw new Error(`what was measured is no agent.benchmarks.v1: ${faults.join("; ")}`);
  await writeReport(BENCHMARKS, events);
  say(`${events.length} events of agent.benchmarks.v1 are in ${BENCHMARKS}`);
}

/** The steps of a release, in their order; `rollback` is for when one of those before it failed. */
export const STEPS: Readonly<Record<string, Step>> = {
  config,
  charts,
  images,
  deploy,
  validate,
  canary,
  rollback,
  bench,
};
