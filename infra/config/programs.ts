import type { JOBS, PARTS } from "./list-settings.ts";

/** What a part or a job is where each is a container: the charts are made of it, and so is whatever else starts them. */
export interface Program {
  image: "soma-server" | "soma-gateway" | "soma-tools";
  /** What Node is told, in the folder of the project, which is where an image starts. */
  args: readonly string[];
  /** The setting of the port on which it answers others; what has none answers its operator alone. */
  port?: string;
  /** What it is told whatever its mode says. */
  set?: Readonly<Record<string, string>>;
}

const server = "soma-server";

export const PROGRAMS: Readonly<Record<(typeof PARTS)[number] | (typeof JOBS)[number], Program>> = {
  gateway: { image: "soma-gateway", args: ["gateway/main.node.ts"], port: "SOMA_GATEWAY_PORT" },
  runs: { image: server, args: ["subgraphs/runs/main.ts"], port: "SOMA_RUNS_PORT" },
  memory: {
    image: server,
    args: ["subgraphs/memory/main.ts"],
    port: "SOMA_MEMORY_PORT",
    // outbox-sync publishes what it writes: it needs no broker, and knows no password of one.
    set: { SOMA_EVENT_BUS: "hold" },
  },
  policy: { image: server, args: ["subgraphs/policy/main.ts"], port: "SOMA_POLICY_PORT" },
  tools: { image: "soma-tools", args: ["subgraphs/tools/main.ts"], port: "SOMA_TOOLS_PORT" },
  worker: { image: server, args: ["subgraphs/runs/worker.ts"] },
  "outbox-sync": { image: server, args: ["subgraphs/memory/outbox-sync.ts"] },
  tables: { image: server, args: ["infra/local/tables.ts"] },
  topics: { image: server, args: ["infra/cli/soma.js", "topics", "apply"] },
};
