import { randomBytes } from "node:crypto";
import { Annotation, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

export type Saver = BaseCheckpointSaver;

export interface LoadGraph {
  invoke(input: object, options: object): Promise<unknown>;
}

export const STEPS = 10;

/** A text that says nothing twice: a repeated one would be compressed to nothing. */
export const kilobyte = (): string => randomBytes(768).toString("base64");

const State = Annotation.Root({
  topic: Annotation<string>,
  count: Annotation<number>,
  messages: Annotation<string[]>({ reducer: (before, more) => [...before, ...more], default: () => [] }),
});

function chainOf(saver: Saver, step: (state: typeof State.State) => object) {
  const graph = new StateGraph(State) as StateGraph<typeof State.spec, typeof State.State, object, string>;
  for (let at = 0; at < STEPS; at += 1) graph.addNode(`step-${at}`, step);
  graph.addEdge("__start__", "step-0");
  for (let at = 1; at < STEPS; at += 1) graph.addEdge(`step-${at - 1}`, `step-${at}`);
  return graph.compile({ checkpointer: saver });
}

/** Each step counts on. */
export const countingGraph = (saver: Saver): LoadGraph => chainOf(saver, ({ count }) => ({ count: count + 1 }));
/** Each step says a kilobyte more. */
export const talkingGraph = (saver: Saver): LoadGraph => chainOf(saver, () => ({ messages: [kilobyte()] }));
