import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "./clock.ts";
import { createEnvoyTraffic } from "./envoy-traffic.ts";
import { createIstioTraffic } from "./istio-traffic.ts";

/** Writes down how it was called, and answers with what the test has put beside it. */
const KUBECTL = `#!/bin/sh
printf '%s\\n' "$@" > "$SAID/called"
cat "$SAID/answer"
`;
const RELEASES = { stable: "soma-blue", canary: "soma-green" };
const never = new AbortController().signal;

let folder: string;
let servers: Server[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-canary-"));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await rm(folder, { recursive: true });
});

async function serve(answer: (path: string) => Promise<string> | string): Promise<string> {
  const server = createServer(async ({ url }, response) => response.end(await answer(url ?? "")));
  servers.push(server.listen(0, "127.0.0.1"));
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const routesFile = (): string => join(folder, "routes.json");

interface Share {
  name: string;
  weight: number;
}
interface Routes {
  version_info: string;
  resources: { name: string; virtual_hosts: { routes: { route: { weighted_clusters: { clusters: Share[] } } }[] }[] }[];
}
const readRoutes = async (): Promise<Routes> => JSON.parse(await readFile(routesFile(), "utf8"));
const sharesIn = ({ resources: [routes] }: Routes): Share[] | undefined =>
  routes?.virtual_hosts[0]?.routes[0]?.route.weighted_clusters.clusters;

/** As Envoy answers that has the file of now. */
async function adminAnswer(name = "soma"): Promise<string> {
  const { version_info } = await readRoutes();
  return JSON.stringify({ configs: [{ version_info: "1" }, { version_info, route_config: { name } }] });
}

const blueAndGreen = (weight: number): Share[] => [
  { name: "soma-blue", weight: 100 - weight },
  { name: "soma-green", weight },
];

describe("createIstioTraffic()", () => {
  const options = { ...RELEASES, namespace: "agents", virtualService: "front", port: 4700 };
  const route = blueAndGreen(25).map(({ name, weight }) => ({
    destination: { host: `${name}-gateway`, port: { number: 4700 } },
    weight,
  }));

  async function move(answer: string, program = KUBECTL): Promise<void> {
    await writeFile(join(folder, "kubectl"), program, { mode: 0o755 });
    await writeFile(join(folder, "answer"), answer);
    await createIstioTraffic(options, { PATH: `${folder}:${process.env.PATH}`, SAID: folder }).move(25, never);
  }

  it("gives the first route of the VirtualService both weights", async () => {
    await move(JSON.stringify({ spec: { http: [{ route }] } }));
    const called = (await readFile(join(folder, "called"), "utf8")).trimEnd().split("\n");
    const which = ["patch", "virtualservices.networking.istio.io", "front", "--namespace", "agents", "--type", "json"];
    expect(called.slice(0, 7)).toEqual(which);
    expect(JSON.parse(called[called.indexOf("--patch") + 1] ?? "")).toEqual([
      { op: "replace", path: "/spec/http/0/route", value: route },
    ]);
    expect(called.slice(-4)).toEqual(["--output", "json", "--request-timeout", "10s"]);
  });

  it.each([
    ["has others", JSON.stringify({ spec: { http: [{ route: route.toReversed() }] } }), "has other routes"],
    ["has none", "{}", "has other routes"],
    ["says nothing that is known", "patched", "JSON"],
  ])("does not believe a cluster that %s", async (_, answer, words) => {
    await expect(move(answer)).rejects.toThrow(words);
  });

  it("throws when kubectl ends with an error, or is not there", async () => {
    await expect(move("", "#!/bin/sh\necho forbidden >&2\nexit 1\n")).rejects.toThrow("forbidden");
    const nowhere = createIstioTraffic(options, { PATH: join(folder, "nowhere") });
    await expect(nowhere.move(0, never)).rejects.toThrow("ENOENT");
  });
});

describe("createEnvoyTraffic()", () => {
  it("puts a whole file in its place, of another version each time, and waits until Envoy has it", async () => {
    const tries: string[] = [];
    const admin = await serve((path) => (tries.push(path) % 2 === 0 ? adminAnswer() : "not yet"));
    const traffic = createEnvoyTraffic({ ...RELEASES, file: routesFile(), routes: "soma", admin }, systemClock);
    const versions = new Set<string>();
    for (const weight of [5, 100, 0, 0]) {
      await traffic.move(weight, never);
      const routes = await readRoutes();
      versions.add(routes.version_info);
      expect(sharesIn(routes)).toEqual(blueAndGreen(weight));
      expect(routes.resources).toMatchObject([{ name: "soma" }]);
    }
    expect(versions.size).toBe(4);
    expect(await readdir(folder)).toEqual(["routes.json"]);
    expect(tries).toHaveLength(8);
    expect(tries[0]).toBe("/config_dump?resource=dynamic_route_configs");
  });

  it.each([
    ["has an older file", () => JSON.stringify({ configs: [{ version_info: "1", route_config: { name: "soma" } }] })],
    ["has routes of another name", () => adminAnswer("other")],
    ["answers garbage", () => "<html>"],
  ])("throws when Envoy %s until its time is over", async (_, answer) => {
    let now = 0;
    const pass = (ms: number): void => {
      now += ms;
    };
    const clock = { now: () => now, wait: async (ms: number) => pass(ms) };
    const options = { ...RELEASES, file: routesFile(), routes: "soma", admin: await serve(answer) };
    const words = "does not say that it has the routes";
    await expect(createEnvoyTraffic(options, clock).move(5, never)).rejects.toThrow(words);
    expect(now).toBe(5000);
  });
});

describe("infra/canary.sh", () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const answerOf = (value: string): string =>
    JSON.stringify({ status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [1, value] }] } });

  /** A release whose canary has this as an answer to every query, and is measured each second. */
  async function environment(value: string, stepS: string): Promise<NodeJS.ProcessEnv> {
    return {
      ...{ PATH: process.env.PATH, DEPLOY_MODE: "prod", RELEASE_REGISTRY: "a.example.com", RELEASE_TAG: "1.2.3" },
      ...{ RELEASE_NAME: "soma-green", RELEASE_CANARY: join(folder, "canary.sh"), CANARY_STABLE: "soma-blue" },
      ...{ CANARY_TRAFFIC: "envoy", CANARY_ENVOY_FILE: routesFile() },
      CANARY_ENVOY_ADMIN: await serve(() => adminAnswer()),
      ...{ CANARY_PROMETHEUS_URL: await serve(() => answerOf(value)), CANARY_MIN_REQUESTS: "1", CANARY_MIN_RUNS: "0" },
      ...{ CANARY_STEP_S: stepS, CANARY_CHECK_S: "1", CANARY_WINDOW_S: "1", CANARY_PATIENCE_S: "1" },
    };
  }

  /** The step of a release, which calls it by a script of somebody's own, as blue and green. */
  async function start(env: NodeJS.ProcessEnv) {
    const text = `#!/bin/sh\nexec ${root}infra/canary.sh "$@" --steps 100 --json ${folder}/report.json\n`;
    await writeFile(join(folder, "canary.sh"), text, { mode: 0o755 });
    const running = promisify(execFile)(`${root}infra/release.sh`, ["canary"], { env });
    const ended = running.then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
    );
    return { child: running.child, ended };
  }
  const report = async (): Promise<unknown> => JSON.parse(await readFile(join(folder, "report.json"), "utf8"));

  it("ends a release whose canary does badly, with all traffic at the stable one", async () => {
    // All of twenty requests failed.
    const { ended } = await start(await environment("20", "1"));
    const said = expect.stringMatching(/^100 % to the new release: breached; errors: 100/m);
    expect(await ended).toEqual({ code: 1, said });
    expect(sharesIn(await readRoutes())).toEqual(blueAndGreen(0));
    const back = { status: "rolled_back", reason: "breached", stable: "soma-blue", canary: "soma-green" };
    expect(await report()).toMatchObject({ ...back, namespace: "soma", steps: [{ weight: 100, outcome: "breached" }] });
  });

  it("brings the traffic back before a release ends that somebody ends", async () => {
    const { child, ended } = await start(await environment("20", "3600"));
    await expect.poll(async () => sharesIn(await readRoutes()), { timeout: 20_000 }).toEqual(blueAndGreen(100));
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 1 });
    expect(sharesIn(await readRoutes())).toEqual(blueAndGreen(0));
    expect(await report()).toMatchObject({ status: "rolled_back", reason: "stopped" });
  });
});
