import type { PlannedRun } from "../../../infra/cli/torture/plan.ts";
import type { Ledger } from "../../../subgraphs/sdk/samples/torture/ledger/ledger.ts";
import { FIRST_PAUSE_MS, mayTryAgain, need, type Peer, TRIES, tryOnce } from "./peer.ts";

interface State {
  planned: PlannedRun;
  answer: string;
}
interface Compiled {
  getState(options: object): Promise<{ values: Partial<State>; createdAt?: string }>;
  stream(input: object | null, options: object): Promise<AsyncIterable<unknown>>;
}
interface LangGraph {
  Annotation: (() => unknown) & { Root(channels: object): unknown };
  StateGraph: new (
    state: unknown,
  ) => {
    addNode(name: string, work: (state: State) => Promise<object>, options?: object): void;
    addEdge(from: string, to: string): void;
    compile(options: object): Compiled;
  };
}
interface LangGraphPostgres {
  PostgresSaver: { fromConnString(url: string): { setup(): Promise<void> } };
}

/** A graph of one node on a thread for each run; a thread that was begun is gone on with by a null input, as its pages say. */
export async function openLangGraph(url: string, ledger: Ledger): Promise<Peer> {
  const { Annotation, StateGraph } = need<LangGraph>("@langchain/langgraph");
  const { PostgresSaver } = need<LangGraphPostgres>("@langchain/langgraph-checkpoint-postgres");
  const checkpointer = PostgresSaver.fromConnString(url);
  await checkpointer.setup();
  const compile = (work: (state: State) => Promise<object>, options: object): Compiled => {
    const building = new StateGraph(Annotation.Root({ planned: Annotation(), answer: Annotation() }));
    building.addNode("pay", work, options);
    building.addEdge("__start__", "pay");
    return building.compile({ checkpointer });
  };
  const pay = ({ planned }: State): Promise<object> => tryOnce(planned, ledger).then((answer) => ({ answer }));
  const retryPolicy = { maxAttempts: TRIES, initialInterval: FIRST_PAUSE_MS, retryOn: () => true, logWarning: false };
  const tried = compile(pay, { retryPolicy });
  const once = compile((state) => pay(state).catch(() => ({ answer: "unknown" })), {});

  return {
    async run(planned, onTaken) {
      const graph = mayTryAgain(planned) ? tried : once;
      const config = { configurable: { thread_id: planned.order } };
      const isBegun = (await graph.getState(config)).createdAt !== undefined;
      if (isBegun) onTaken();
      const options = { ...config, durability: "sync", streamMode: "values" };
      // A new one gives its first state when the input is kept. One that has ended gives its state to a null input.
      for await (const _state of await graph.stream(isBegun ? null : { planned }, options)) onTaken();
      return (await graph.getState(config)).values.answer ?? "";
    },
  };
}
