import { newId } from "@soma/shared/ids";
import { type Contender, PAYLOAD, STEPS } from "../contender.ts";
import { need } from "./need.ts";

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

/** A graph on PostgresSaver. With `sync` a checkpoint is durable before the next step begins, as it is with the others. */
export async function openLangGraph(url: string): Promise<Contender> {
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
    async run() {
      await graph.invoke({ kept: "" }, { configurable: { thread_id: newId() }, durability: "sync" });
    },
    close: () => checkpointer.end(),
  };
}
