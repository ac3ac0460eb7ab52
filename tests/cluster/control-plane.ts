import { type ChildProcess, execFile, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "@soma/shared/testing/until";
import { freePort } from "../../infra/local/free-port.ts";
import type { Programs } from "./find-programs.ts";

const START_MS = 120_000;
const STOP_MS = 15_000;
const ASK_MS = 60_000;
const ZONES = ["a", "b", "c"];
/** Nodes that nobody hears of are not simulated; and they are given no addresses. */
const CONTROLLERS = "*,-node-lifecycle-controller,-node-ipam-controller";

export interface ControlPlane {
  kubeconfig: string;
  /** Runs kubectl, and gives what it prints; throws with what it says when it refuses. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  close(): Promise<void>;
}

/** Everything of Kubernetes but what runs containers: on loopback, with three nodes, each in a zone of its own. */
export async function startControlPlane(programs: Programs, folder: string): Promise<ControlPlane> {
  const running: ChildProcess[] = [];
  const start = async (name: string, program: string, flags: Record<string, string>): Promise<void> => {
    const log = await open(join(folder, `${name}.log`), "w");
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    const child = spawn(program, args, { cwd: folder, stdio: ["ignore", log.fd, log.fd] });
    child.once("error", (error) => console.error(`${name} cannot be started: ${error.message}`));
    process.once("exit", () => child.kill("SIGKILL"));
    running.push(child);
    await log.close();
  };
  /** The API server goes before etcd, which it would wait for. */
  const close = async (): Promise<void> => {
    for (const child of running.toReversed()) await end(child);
  };
  try {
    const etcd = await startEtcd(start, programs.etcd, folder);
    const plane = await startApiServer(start, programs, { etcd, folder });
    const { kubeconfig } = plane;
    await start("kube-controller-manager", programs.controllerManager, {
      ...(await listens()),
      kubeconfig,
      "leader-elect": "false",
      controllers: CONTROLLERS,
      "service-account-private-key-file": "accounts.key",
    });
    await start("kube-scheduler", programs.scheduler, { ...(await listens()), kubeconfig, "leader-elect": "false" });
    const stages = fileURLToPath(new URL("stages.yaml", import.meta.url));
    await start("kwok", programs.kwok, { kubeconfig, config: stages, "manage-all-nodes": "true" });
    await makeNodes(plane.kubectl);
    return { ...plane, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Start = (name: string, program: string, flags: Record<string, string>) => Promise<void>;

async function listens(): Promise<Record<string, string>> {
  return { "bind-address": "127.0.0.1", "secure-port": String(await freePort(0)) };
}

/** Gives its address. */
async function startEtcd(start: Start, program: string, folder: string): Promise<string> {
  const [clients, peers] = [`http://127.0.0.1:${await freePort(0)}`, `http://127.0.0.1:${await freePort(0)}`];
  await start("etcd", program, {
    "data-dir": join(folder, "etcd"),
    "listen-client-urls": clients,
    "advertise-client-urls": clients,
    "listen-peer-urls": peers,
    "initial-advertise-peer-urls": peers,
    "initial-cluster": `default=${peers}`,
  });
  await until("etcd is well", async () => (await fetch(`${clients}/health`)).ok, START_MS);
  return clients;
}

async function startApiServer(
  start: Start,
  programs: Programs,
  { etcd, folder }: { etcd: string; folder: string },
): Promise<Omit<ControlPlane, "close">> {
  const at = await listens();
  const token = randomBytes(24).toString("hex");
  const keys = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const secret = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text, { mode: 0o600 });
  await secret("accounts.key", keys.privateKey.export({ type: "pkcs1", format: "pem" }).toString());
  await secret("accounts.pub", keys.publicKey.export({ type: "spki", format: "pem" }).toString());
  await secret("tokens.csv", `${token},operator,1,system:masters\n`);
  await start("kube-apiserver", programs.apiServer, {
    ...at,
    "etcd-servers": etcd,
    "cert-dir": join(folder, "certificates"),
    "token-auth-file": "tokens.csv",
    "authorization-mode": "RBAC",
    "service-cluster-ip-range": "10.0.0.0/24",
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": "accounts.pub",
    "service-account-signing-key-file": "accounts.key",
  });
  const certificate = await until(
    "the API server has a certificate",
    () => readFile(join(folder, "certificates/apiserver.crt")),
    START_MS,
  );
  const server = `https://127.0.0.1:${at["secure-port"]}`;
  const kubeconfig = join(folder, "kubeconfig");
  await secret("kubeconfig", JSON.stringify(kubeconfigOf(server, { token, certificate })));
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    runWith(programs.kubectl, ["--kubeconfig", kubeconfig, `--cache-dir=${join(folder, "cache")}`, ...args], input);
  await until("the API server is ready", () => kubectl(["get", "--raw", "/readyz"]), START_MS);
  return { kubeconfig, kubectl };
}

function kubeconfigOf(server: string, { token, certificate }: { token: string; certificate: Buffer }): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "here", cluster: { server, "certificate-authority-data": certificate.toString("base64") } }],
    users: [{ name: "operator", user: { token } }],
    contexts: [{ name: "here", context: { cluster: "here", user: "operator" } }],
    "current-context": "here",
  };
}

async function runWith(program: string, args: string[], input = ""): Promise<string> {
  const ran = promisify(execFile)(program, args, { timeout: ASK_MS, maxBuffer: 64 * 1_048_576 });
  ran.child.stdin?.end(input);
  return (await ran).stdout;
}

/** The taint is taken off by a controller that is not here. */
async function makeNodes(kubectl: ControlPlane["kubectl"]): Promise<void> {
  const room = { cpu: "64", memory: "256Gi", pods: "500" };
  const nodes = ZONES.map((zone) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: `node-${zone}`,
      labels: { "kubernetes.io/hostname": `node-${zone}`, "topology.kubernetes.io/zone": zone },
    },
    status: { capacity: room, allocatable: room },
  }));
  await kubectl(["create", "--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: nodes }));
  await kubectl(["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=50s"]);
  await kubectl(["taint", "nodes", "--all", "node.kubernetes.io/not-ready:NoSchedule-"]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(late);
}
