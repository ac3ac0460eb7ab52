import { Annotation, StateGraph } from "@langchain/langgraph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SomaSaver } from "./saver.ts";
import { chainOf, checkpointOf, createStage, METADATA, putNext, type Stage, threadOf } from "./testing/stage.ts";

let stage: Stage;
let threads = 0;

beforeAll(async () => {
  stage = await createStage();
});
afterAll(async () => stage.close());

const newThread = (): string => {
  threads += 1;
  return `thread-${threads}`;
};

/** Reads the newest checkpoint, as a run does before it goes on. */
const readNewest = async (saver: SomaSaver, threadId: string) => {
  const tuple = await saver.getTuple(threadOf(threadId));
  return threadOf(threadId, tuple?.checkpoint.id);
};

const refused = (work: Promise<unknown>) =>
  expect(work).rejects.toMatchObject({ name: "SomaError", code: "FENCED", retryable: false });

describe("two processes on one thread", () => {
  it("of two that begin it, one does", async () => {
    const threadId = newThread();
    const [one, other] = [stage.open(), stage.open()];
    const starts = await Promise.all([one, other].map((saver) => readNewest(saver, threadId)));
    await putNext(one, starts[0] as never);
    await refused(putNext(other, starts[1] as never));
    expect(await chainOf(other, threadId)).toHaveLength(1);
  });

  it("of two that continue one checkpoint, one does, and no committed checkpoint becomes unreachable", async () => {
    const threadId = newThread();
    const [one, other] = [stage.open(), stage.open()];
    await putNext(one, threadOf(threadId));
    const [mine, theirs] = [await readNewest(one, threadId), await readNewest(other, threadId)];
    const outcomes = await Promise.allSettled([putNext(one, mine), putNext(other, theirs)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await chainOf(one, threadId)).toHaveLength(2);
  });

  it("with eight at once and five checkpoints each, the chain has every put that succeeded", async () => {
    const threadId = newThread();
    await putNext(stage.open(), threadOf(threadId));
    const kept = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const saver = stage.open({ max: 1 });
        const ids: (string | undefined)[] = [];
        for (let left = 5; left > 0; left -= 1) {
          const config = await readNewest(saver, threadId);
          const next = await putNext(saver, config).catch((error: { code?: string }) => {
            expect(error.code).toBe("FENCED");
          });
          if (next !== undefined) ids.push(next.configurable.checkpoint_id);
        }
        await saver.close();
        return ids;
      }),
    );
    const chain = await chainOf(stage.open(), threadId);
    expect(kept.flat().length).toBeGreaterThan(0);
    expect(chain.slice(0, -1).toSorted()).toEqual(kept.flat().toSorted());
  });

  it("one that was overtaken goes on when it has read the thread again", async () => {
    const threadId = newThread();
    const [one, other] = [stage.open(), stage.open()];
    const first = await putNext(one, threadOf(threadId));
    await readNewest(other, threadId);
    await putNext(one, first);
    await refused(putNext(other, first));
    await putNext(other, await readNewest(other, threadId));
    expect(await chainOf(one, threadId)).toHaveLength(3);
  });

  it("who never read the thread continues its newest checkpoint only", async () => {
    const threadId = newThread();
    const first = await putNext(stage.open(), threadOf(threadId));
    const second = await putNext(stage.open(), first);
    await refused(putNext(stage.open(), first));
    await refused(putNext(stage.open(), threadOf(threadId)));
    await putNext(stage.open(), second);
  });

  it("says which thread, what was to be continued, what came, and what to do", async () => {
    const threadId = newThread();
    const first = await putNext(stage.open(), threadOf(threadId));
    const second = await putNext(stage.open(), first);
    await expect(putNext(stage.open(), first)).rejects.toThrow(
      new RegExp(
        `after ${first.configurable.checkpoint_id} of thread ${threadId}: its newest checkpoint has become ` +
          `${second.configurable.checkpoint_id} by another writer; read the thread`,
      ),
    );
  });

  it("a thread that was deleted meanwhile is not brought back by who still runs on it", async () => {
    const threadId = newThread();
    const [one, other] = [stage.open(), stage.open()];
    const first = await putNext(one, threadOf(threadId));
    await other.deleteThread(threadId);
    await expect(putNext(one, first)).rejects.toThrow("its newest checkpoint is gone");
    expect(await readNewest(one, threadId)).toEqual(threadOf(threadId));
    await putNext(one, threadOf(threadId));
    expect(await chainOf(one, threadId)).toHaveLength(1);
  });

  it("forks the thread where many writers were asked for", async () => {
    const threadId = newThread();
    const first = await putNext(stage.open(), threadOf(threadId));
    await putNext(stage.open({ writers: "many" }), first);
    await putNext(stage.open({ writers: "many" }), first);
    expect(await chainOf(stage.open(), threadId)).toHaveLength(2);
  });
});

describe("two runs of one graph on one thread", () => {
  it("of two that are in their first node together, one ends, and the other is told", async () => {
    const both = Promise.withResolvers<void>();
    let inside = 0;
    const graphs = [stage.open(), stage.open()].map((checkpointer) =>
      new StateGraph(Annotation.Root({ said: Annotation<string> }))
        .addNode("one", async () => {
          inside += 1;
          if (inside === 2) both.resolve();
          await both.promise;
          return { said: "one" };
        })
        .addEdge("__start__", "one")
        .compile({ checkpointer }),
    );
    const threadId = newThread();
    await graphs[0]?.updateState(threadOf(threadId), { said: "before" }, "one");
    const options = { ...threadOf(threadId), durability: "exit" as const };
    const outcomes = await Promise.allSettled(graphs.map((graph) => graph.invoke({ said: "hello" }, options)));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "FENCED" } });
  });
});

describe("two runs in one process on one thread", () => {
  it("of two that continue one checkpoint, one does", async () => {
    const threadId = newThread();
    const saver = stage.open();
    const start = await readNewest(saver, threadId);
    const first = await putNext(saver, start);
    await refused(putNext(saver, start));
    await putNext(saver, first);
    await refused(putNext(saver, first));
  });
});

describe("forks", () => {
  it("a checkpoint that is named is continued, whatever came after it", async () => {
    const threadId = newThread();
    const [one, other] = [stage.open(), stage.open()];
    const first = await putNext(one, threadOf(threadId));
    await putNext(one, first);
    for (const saver of [one, other, one]) {
      await saver.getTuple(first);
      await putNext(saver, first);
      expect(await chainOf(saver, threadId)).toHaveLength(2);
    }
  });

  it("one is refused like any other put when the thread moved after the named one was read", async () => {
    const threadId = newThread();
    const [one, other] = [stage.open(), stage.open()];
    const first = await putNext(one, threadOf(threadId));
    const second = await putNext(one, first);
    await other.getTuple(first);
    await putNext(one, second);
    await refused(putNext(other, first));
  });

  it("one that was found in a list is continued too", async () => {
    const threadId = newThread();
    const saver = stage.open();
    const first = await putNext(saver, threadOf(threadId));
    await putNext(saver, first);
    const reader = stage.open();
    await Array.fromAsync(reader.list(threadOf(threadId)));
    await putNext(reader, first);
  });

  it("a copy is put beside what it copies", async () => {
    const threadId = newThread();
    const saver = stage.open();
    const first = await putNext(saver, threadOf(threadId), checkpointOf({ topic: "a" }));
    await putNext(saver, first, checkpointOf({ topic: "b" }, { topic: 2 }));
    const copy = checkpointOf({ topic: "b" }, { topic: 2 });
    await stage.open().put(first, copy, { ...METADATA, source: "fork" }, {});
    expect((await saver.getTuple(threadOf(threadId)))?.checkpoint).toEqual(copy);
  });

  it("values of two branches that have the same version stay apart", async () => {
    const threadId = newThread();
    const saver = stage.open();
    const first = await putNext(saver, threadOf(threadId), checkpointOf({ topic: "a", long: "x".repeat(5_000) }));
    const left = await putNext(saver, first, checkpointOf({ topic: "left" }, { topic: 2, long: 1 }));
    await saver.getTuple(first);
    const right = await putNext(saver, first, checkpointOf({ topic: "right" }, { topic: 2, long: 1 }));
    const valuesOf = async (config: object) => (await stage.open().getTuple(config))?.checkpoint.channel_values;
    expect(await valuesOf(left)).toMatchObject({ topic: "left" });
    expect(await valuesOf(right)).toMatchObject({ topic: "right" });
  });

  it("LangGraph's runs, edits, copies and time travel pass", async () => {
    const State = Annotation.Root({
      said: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
    });
    const graph = new StateGraph(State)
      .addNode("one", () => ({ said: ["one"] }))
      .addNode("two", () => ({ said: ["two"] }))
      .addEdge("__start__", "one")
      .addEdge("one", "two")
      .compile({ checkpointer: stage.open() });
    const config = { configurable: { thread_id: newThread() }, durability: "sync" as const };
    await graph.invoke({ said: ["hello"] }, config);
    await graph.invoke({ said: ["again"] }, config);
    const states = await Array.fromAsync(graph.getStateHistory(config));
    const middle = states.find(({ next, values }) => next[0] === "two" && values.said.length === 2);
    expect(await graph.invoke(null, { ...config, ...middle?.config })).toEqual({ said: ["hello", "one", "two"] });
    const edited = await graph.updateState(middle?.config ?? config, { said: ["edited"] }, "one");
    expect(await graph.invoke(null, { ...config, ...edited })).toEqual({ said: ["hello", "one", "edited", "two"] });
    const copied = await graph.updateState(edited, null, "__copy__");
    expect((await graph.getState(copied)).values).toEqual({ said: ["hello", "one", "edited"] });
    await graph.invoke({ said: ["later"] }, config);
  });
});
