/**
 * Who may import whom, as one table. `npm run codegen` makes lint/rooms.biome.json of it, biome says it in the editor and
 * in `npm run check`, and lint/rooms.test.ts shows that every kind of rule refuses what it should.
 *
 * A row is for the files it names; a later row replaces an earlier one for its own files. Tests, `testing/` folders and
 * contract suites are free: they may look into every room they show. Import cycles are refused everywhere, by a rule of biome.
 */
export interface Row {
  /**
   * Globs from the root of the project. `<trade>` stands for every trade room that a subgraph has today; a row of `<page>`
   * is one for each page, which is a room that the others do not know.
   */
  files: string[];
  /** Our packages that these files may import, by folder name; `shared/backoff` is that one file of a package. */
  packages: string[];
  /** Other rooms of the same package that these files may import. Left out: any. */
  rooms?: string[];
  /** What the code must be able to run on; see GROUNDS. Left out: Node, with everything. */
  ground?: keyof typeof GROUNDS;
}

/** Modules from outside that files of a ground never import. */
export const GROUNDS = {
  web: {
    never: ["node:*", "node:*/**", "ws", "undici", "@hono/node-server"],
    why: "This code runs on web standards alone (Node, Deno, a browser); what belongs to Node goes into main.node.ts or node/.",
  },
  pure: {
    never: [
      "node:*",
      "node:*/**",
      "!node:crypto",
      "postgres",
      "drizzle-orm",
      "ws",
      "undici",
      "@soma/shared/postgres/**",
    ],
    why: "This code decides and never does: no files, sockets or databases; let the caller bring what is needed.",
  },
} as const;

const WEBUI = ["graphql", "schemas"];
const GATEWAY = ["schemas", "shared"];
const SUBGRAPH = ["conf", "schemas", "sdk", "shared"];

export const ROWS: Row[] = [
  { files: ["schemas/**"], packages: [] },
  {
    files: [
      "schemas/{audit/merkle-tree,audit/sealed-event,bad-call,hidden-characters,json,placed-fault,run-chain,run-export,run-history}.ts",
    ],
    packages: [],
    ground: "web",
  },
  { files: ["conf/**"], packages: ["schemas", "shared"] },
  { files: ["graphql/**"], packages: ["schemas", "shared/backoff"], ground: "web" },
  { files: ["webui/**"], packages: WEBUI },
  { files: ["webui/src/**"], packages: WEBUI, ground: "web" },
  { files: ["webui/src/graphql/**"], packages: WEBUI, rooms: ["ui"], ground: "web" },
  { files: ["webui/src/markdown/**"], packages: WEBUI, rooms: ["ui"], ground: "web" },
  { files: ["webui/src/run-log/**"], packages: WEBUI, rooms: ["ui"], ground: "web" },
  {
    files: ["webui/src/run-parts/**"],
    packages: WEBUI,
    rooms: ["run-log", "graphql", "markdown", "ui"],
    ground: "web",
  },
  {
    files: ["webui/src/pages/<page>/**"],
    packages: WEBUI,
    rooms: ["run-parts", "run-log", "graphql", "markdown", "ui"],
    ground: "web",
  },
  {
    files: ["webui/src/shell/**"],
    packages: WEBUI,
    rooms: ["run-parts", "run-log", "graphql", "markdown", "ui"],
    ground: "web",
  },
  { files: ["webui/src/ui/**"], packages: WEBUI, rooms: [], ground: "web" },
  { files: ["infra/cli/**"], packages: ["graphql", "schemas"] },

  // The one door, from the socket inwards. infra/local has no row: it wires everything.
  { files: ["gateway/**"], packages: GATEWAY, ground: "web" },
  { files: ["gateway/main.*.ts", "gateway/node/**"], packages: GATEWAY },
  { files: ["gateway/doors/**"], packages: GATEWAY, rooms: ["operations", "upstream", "ground"], ground: "web" },
  { files: ["gateway/operations/**"], packages: GATEWAY, rooms: ["upstream", "ground"], ground: "web" },
  { files: ["gateway/upstream/**"], packages: GATEWAY, rooms: ["ground"], ground: "web" },
  { files: ["gateway/ground/**"], packages: GATEWAY, rooms: [], ground: "web" },

  // Every subgraph, from the doors inwards. No row names another subgraph: they meet in the supergraph and on topics.
  { files: ["subgraphs/**"], packages: SUBGRAPH },
  { files: ["subgraphs/langgraph/**"], packages: ["shared"] },
  { files: ["subgraphs/shared/**"], packages: ["schemas"] },
  { files: ["subgraphs/sdk/**"], packages: ["schemas"], ground: "pure" },
  // What authors of projects write, as they write it.
  { files: ["subgraphs/sdk/{samples,template}/**"], packages: ["sdk"] },
  { files: ["subgraphs/*/api/**"], packages: SUBGRAPH, rooms: ["commands", "<trade>", "store", "domain"] },
  { files: ["subgraphs/*/consumers/**"], packages: SUBGRAPH, rooms: ["commands", "<trade>", "store", "domain"] },
  { files: ["subgraphs/*/commands/**"], packages: SUBGRAPH, rooms: ["<trade>", "store", "domain"] },
  { files: ["subgraphs/*/<trade>/**"], packages: SUBGRAPH, rooms: ["<trade>", "store", "domain"] },
  // The engine runs any graph with any services: it knows none by name. Only main.ts and worker.ts bring them together.
  { files: ["subgraphs/runs/engine/**"], packages: SUBGRAPH, rooms: ["store", "domain"] },
  { files: ["subgraphs/runs/agents/**"], packages: SUBGRAPH, rooms: [] },
  { files: ["subgraphs/*/store/**"], packages: SUBGRAPH, rooms: ["domain"] },
  { files: ["subgraphs/*/domain/**"], packages: SUBGRAPH, rooms: [], ground: "pure" },
];
