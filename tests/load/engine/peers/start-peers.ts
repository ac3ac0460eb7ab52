import { createRequire } from "node:module";
import { newId } from "@soma/shared/ids";
import { connect } from "@soma/shared/postgres/connect";
import { type Contender, PAYLOAD, STEPS } from "../contender.ts";

/** What is asked of each package; they are installed by hand, so the compiler does not know them. */
interface Dbos {
  DBOS: {
    setConfig(config: object): void;
    registerWorkflow(work: () => Promise<void>, options: object): () => Promise<void>;
    runStep(work: () => Promise<string>, options: object): Promise<string>;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
  };
}
interface LangGraph {
  Annotation: (() => unknown) & { Root(channels: object): unknown };
  StateGraph: new (
    state: unknown,
  ) => {
    addNode(name: string, work: () => Promise<object>): void;
    addEdge(from: string, to: string): void;
    compile(options: object): { invoke(input: object, options: object): Promise<unknown> };
  };
}
interface LangGraphPostgres {
  PostgresSaver: { fromConnString(url: string): { setup(): Promise<void>; end(): Promise<void> } };
}

const load = createRequire(import.meta.url);
const INSTALL = "npm install --prefix tests/load/engine/peers --ignore-scripts --no-package-lock";

function need<T>(name: string): T {
  try {
    return load(name) as T;
  } catch (cause) {
    throw new Error(`${name} is not installed for the peers; run: ${INSTALL}`, { cause });
  }
}

/** Each peer in a database of its own on the server, with its defaults, and what it keeps durable before the next step begins. */
export async function startPeers(url: string): Promise<Contender[]> {
  return [
    await startDbos(await createDatabase(url, "load_dbos")),
    await startLangGraph(await createDatabase(url, "load_langgraph")),
  ];
}

async function createDatabase(url: string, name: string): Promise<string> {
  const sql = connect({ url, schema: "public", applicationName: "load-setup", max: 1 });
  await sql.unsafe(`create database ${name}`);
  await sql.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

async function startDbos(url: string): Promise<Contender> {
  const { DBOS } = need<Dbos>("@dbos-inc/dbos-sdk");
  DBOS.setConfig({ name: "load", systemDatabaseUrl: url, logLevel: "error", runAdminServer: false });
  const run: () => Promise<void> = DBOS.registerWorkflow(
    async () => {
      for (let i = 1; i <= STEPS; i += 1) await DBOS.runStep(async () => PAYLOAD, { name: `step${i}` });
    },
    { name: "ten" },
  );
  await DBOS.launch();
  return { name: "DBOS 5.3.0", run: () => run(), close: () => DBOS.shutdown() };
}

async function startLangGraph(url: string): Promise<Contender> {
  const { Annotation, StateGraph } = need<LangGraph>("@langchain/langgraph");
  const { PostgresSaver } = need<LangGraphPostgres>("@langchain/langgraph-checkpoint-postgres");
  const checkpointer = PostgresSaver.fromConnString(url);
  await checkpointer.setup();
  const building = new StateGraph(Annotation.Root({ kept: Annotation() }));
  for (let i = 1; i <= STEPS; i += 1) building.addNode(`step${i}`, async () => ({ kept: PAYLOAD }));
  for (let i = 1; i < STEPS; i += 1) building.addEdge(`step${i}`, `step${i + 1}`);
  building.addEdge("__start__", "step1");
  const graph = building.compile({ checkpointer });
  return {
    name: "LangGraph 1.7.3 with PostgresSaver, sync",
    async run() {
      await graph.invoke({ kept: "" }, { configurable: { thread_id: newId() }, durability: "sync" });
    },
    close: () => checkpointer.end(),
  };
}
