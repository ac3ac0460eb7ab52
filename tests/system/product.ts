import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readCredentials, readRuntime } from "@soma/cli/data-folder";
import { createDevIdentity } from "@soma/gateway/dev-identity";
import { createSomaClient, type SomaClient } from "@soma/graphql/client";
import { RunDetailDocument, type RunDetailQuery, SendMessageDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { loadSecrets } from "@soma/local/secrets";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { removeData } from "./remove-data.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export type RunDetail = NonNullable<RunDetailQuery["run"]>;

/** The whole product as a user runs it: one process, its own PostgreSQL, in a folder of its own. */
export interface ProductUnderTest {
  dataDir: string;
  url(): string;
  socketUrl(): string;
  token(): string;
  client(): SomaClient;
  /** A client of somebody else: any tenant, any roles. */
  clientOf(who: { tenant: string; subject?: string; roles?: string[] }): Promise<{ client: SomaClient; token: string }>;
  /**
   * Waits until the probe answers: /readyz, or /healthz for a product that is not meant to become ready. Everything is in
   * one process, unless SOMA_FIRST_MINUTES is on.
   */
  start(env?: Record<string, string>, probe?: "/readyz" | "/healthz"): Promise<void>;
  /** What a power cut does to the process. PostgreSQL stays, as it does on a real machine. */
  kill(): Promise<void>;
  /**
   * Asks it to stop, the way a deploy does, and its exit code. SIGINT comes from a terminal: what was launched hears it in
   * every process of its group.
   */
  stop(signal?: "SIGTERM" | "SIGINT"): Promise<number | null>;
  /** Runs the command line in a process of its own. */
  soma(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  send(text: string, more?: { role?: string; sessionId?: string }): Promise<string>;
  ended(runId: string, limitMs?: number): Promise<RunDetail>;
  output(): string;
  close(): Promise<void>;
}

/** By itself, or by the launcher that `npm start` runs, in a process group of their own. */
type Started = "alone" | "launched";

/** What `npm start` is given: a folder of a project, whose agents and tools are there as well; brokers of Kafka. */
interface ProductOptions {
  project?: string;
  kafka?: string;
}

export async function createProduct(how: Started = "alone", options: ProductOptions = {}): Promise<ProductUnderTest> {
  const program = programOf(how, options);
  const dataDir = await mkdtemp(join(tmpdir(), "soma-system-"));
  let child: ChildProcess | undefined;
  let runtime = { pid: 0, url: "", token: "" };
  let said = "";

  /** Ends it; the exit code of what was started. */
  async function end(ask: (started: ChildProcess) => void): Promise<number | null> {
    const ending = child;
    if (ending === undefined) return null;
    const gone = once(ending, "exit");
    ask(ending);
    await gone;
    // Two may have ended it at once, and one of them may have started the next.
    if (child === ending) child = undefined;
    return ending.exitCode;
  }

  const product: ProductUnderTest = {
    dataDir,
    url: () => runtime.url,
    socketUrl: () => `${runtime.url.replace(/^http/, "ws")}/graphql`,
    token: () => runtime.token,
    client: () => createSomaClient(runtime),
    async clientOf({ tenant, subject = "user:test", roles = ["assistant"] }) {
      const { user } = await loadSecrets(dataDir);
      const identity = createDevIdentity({ privateJwk: user.privateKey, publicJwk: user.publicKey });
      const token = await identity.issueAccessToken({ tenant, subject, roles, service: null }, 3_600);
      return { client: createSomaClient({ url: runtime.url, token }), token };
    },
    async start(env = {}, probe = "/readyz") {
      const { pid: before } = runtime;
      const isOurs = (pid: number): boolean => (how === "alone" ? pid === started.pid : pid !== before);
      const started = spawn(process.execPath, [...program, "--data", dataDir, "--port", "0"], {
        cwd: root,
        detached: how === "launched",
        env: { ...process.env, OPENAI_API_KEY: "", SOMA_FIRST_MINUTES: "off", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = started;
      for (const stream of [started.stdout, started.stderr])
        stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const found = await until(
        "the product is ready",
        async () => {
          if (started.exitCode !== null || started.signalCode !== null) return "over";
          const known = await readRuntime(dataDir);
          const credentials = await readCredentials(dataDir);
          if (known === undefined || !isOurs(known.pid) || credentials === undefined) return undefined;
          const ready = await fetch(new URL(probe, known.url)).then(
            (response) => response.ok,
            () => false,
          );
          return ready ? { pid: known.pid, url: known.url, token: credentials.token } : undefined;
        },
        30_000,
      );
      if (found === "over") throw new Error(`it ended with ${started.exitCode ?? started.signalCode}: ${said}`);
      runtime = found;
    },
    async kill() {
      await end((started) => (how === "alone" ? started.kill("SIGKILL") : signalGroup(started, "SIGKILL")));
    },
    stop: (signal = "SIGTERM") =>
      end((started) =>
        how === "launched" && signal === "SIGINT" ? signalGroup(started, signal) : started.kill(signal),
      ),
    soma: (...args) => runSoma(dataDir, args),
    async send(text, more = {}) {
      const { sendMessage } = await product
        .client()
        .request(SendMessageDocument, { input: { text, idempotencyKey: newId(), ...more } });
      return sendMessage.run.id;
    },
    ended: (runId, limitMs = 30_000) =>
      until(
        `run ${runId} has ended`,
        async () => {
          const { run } = await product.client().request(RunDetailDocument, { id: runId });
          return run !== null && run !== undefined && isFinished(run.status) ? run : undefined;
        },
        limitMs,
      ),
    output: () => said,
    async close() {
      await product.stop();
      await removeData(dataDir);
    },
  };
  return product;
}

function programOf(how: Started, options: ProductOptions): string[] {
  const program = how === "alone" ? ["infra/local/up.ts"] : ["infra/local/bootstrap.js", "start"];
  return [...program, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
}

/** As a terminal, or a power cut, reaches what was started: every process of the group. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, signal);
}

/** The command line, in a process of its own. */
function runSoma(dataDir: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = [join(root, "infra/cli/soma.ts"), "--data", dataDir, ...args];
    const options = { cwd: tmpdir(), env: { ...process.env, SOMA_URL: "", SOMA_TOKEN: "" } };
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });
}
