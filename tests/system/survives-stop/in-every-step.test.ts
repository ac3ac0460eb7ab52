import { join } from "node:path";
import { RunDetailDocument } from "@soma/graphql/operations";
import { readPidFile } from "@soma/local/pid-file";
import { scriptedAnswer, startOpenAiServer } from "@soma/runs/models/testing";
import { lifeOf } from "@soma/schemas/process-life";
import { EVENT_KIND } from "@soma/schemas/run-history";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest, type RunDetail } from "../product.ts";
import { openDatabase, type ProductDatabase } from "../product-database.ts";

/** What a person says so that a run comes to stand in each kind of step, by the node it stands in. */
const MESSAGES = {
  recall: "What is 7+7?",
  model: "Think slowly: what is 2+2?",
  policy: "What is 5+5?",
  tool: 'Run code: await sleep(10000); console.log("slept")',
  "tool remember": "Remember that my favourite number is 37.",
  remember: "Hello",
} as const;
type Place = keyof typeof MESSAGES;
const PLACES = Object.keys(MESSAGES) as Place[];

let database: ProductDatabase;
let thinking = Promise.withResolvers<void>();
let asked = Promise.withResolvers<void>();

describe("runs under way do not care how their process is stopped, whatever step each is in", () => {
  let product: ProductUnderTest;
  let server: Awaited<ReturnType<typeof startOpenAiServer>>;
  let whole: Record<Place, unknown>;
  let stopped = 0;

  const stops = {
    SIGTERM: () => stopInOrder("SIGTERM"),
    "Ctrl-C": () => stopInOrder("SIGINT"),
    "kill -9": () => product.kill(),
  };

  beforeAll(async () => {
    server = await startOpenAiServer({
      async answer(messages, tools) {
        if (messages.some(({ role, content }) => role === "user" && content.includes("slowly"))) {
          asked.resolve();
          await thinking.promise;
        }
        return scriptedAnswer(messages, tools);
      },
    });
    product = await createProduct("launched");
    await product.start({ SOMA_MODEL_BASE_URL: server.baseUrl });
    database = await openDatabase(product.dataDir);
    thinking.resolve();
    const runs = await Promise.all(PLACES.map((place) => product.send(MESSAGES[place])));
    whole = await endOf(runs);
    for (const place of PLACES)
      expect(whole[place]).toMatchObject({ end: { status: "SUCCEEDED", outcome: { kind: "OK" } } });
  });
  afterAll(async () => {
    await database.close();
    await product.close();
    await server.close();
  });

  it.each(Object.keys(stops) as (keyof typeof stops)[])("%s: they go on at the next start", async (signal) => {
    const { runs, release } = await standInEveryStep();
    await stops[signal]();
    await release();
    await database.close();
    thinking.resolve();
    await product.start({ SOMA_MODEL_BASE_URL: server.baseUrl });
    database = await openDatabase(product.dataDir);
    expect(await endOf(runs)).toEqual(whole);
  });

  const losses = {
    "a cut of every connection": async () => expect(await database.cutConnections()).toBeGreaterThan(5),
    "a lease that another worker found to be over": async () => expect(await database.takeOverWorkers()).toBe(1),
  };
  it.each(Object.keys(losses) as (keyof typeof losses)[])("%s: they go on in the same process", async (loss) => {
    const { runs, release } = await standInEveryStep();
    await losses[loss]();
    await release();
    thinking.resolve();
    expect(await endOf(runs)).toEqual(whole);
  });

  /** It ends well, and PostgreSQL with it, stopped and not crashed. */
  async function stopInOrder(signal: "SIGTERM" | "SIGINT"): Promise<void> {
    const server = await readPidFile(join(product.dataDir, "pg"));
    expect(await product.stop(signal)).toBe(0);
    expect(await lifeOf(server?.pid ?? 0)).toBe(undefined);
    expect(await readPidFile(join(product.dataDir, "pg"))).toBe(undefined);
    stopped += 1;
    expect(product.output().match(/Stopping; runs that are under way go on/g)).toHaveLength(stopped);
  }

  /** One run in each kind of step, held there by what that step waits for. */
  async function standInEveryStep(): Promise<{ runs: string[]; release(): Promise<void> }> {
    thinking = Promise.withResolvers();
    asked = Promise.withResolvers();
    const runs = {} as Record<Place, string>;
    const begin = async (place: Place): Promise<void> => {
      runs[place] = await product.send(MESSAGES[place]);
      const node = place.split(" ")[0];
      await until(`a run stands in ${place}`, async () => (await openStep(runs[place])) === node, 20_000);
    };
    await Promise.all([begin("tool"), begin("model").then(() => asked.promise)]);
    await until("the code runs", async () => (await invocationsOf(runs.tool)).length === 1);
    const writes = await database.lock("memory.memory_item", "share");
    await Promise.all([begin("tool remember"), begin("remember")]);
    const decisions = await database.lock("policy.decision", "access exclusive");
    await begin("policy");
    // Waits behind the writers, and every reader behind it.
    const reads = database.lock("memory.memory_item", "access exclusive").catch(() => undefined);
    await until("readers have to wait", () => database.isWaitedFor("memory.memory_item"));
    await begin("recall");
    return {
      runs: PLACES.map((place) => runs[place]),
      async release() {
        await Promise.all([writes.release(), decisions.release()]);
        await (await reads)?.release();
      },
    };
  }

  /** The node of the step that began and has not ended. */
  async function openStep(runId: string): Promise<string | undefined> {
    const [row] = await database.sql<{ node: string }[]>`
      select node from runs.journal where run_id = ${runId} and kind = ${EVENT_KIND.STEP_STARTED}
        and step > (select coalesce(max(step), 0) from runs.journal where run_id = ${runId}
          and kind between ${EVENT_KIND.STEP_SUCCEEDED} and ${EVENT_KIND.STEP_CANCELED})`;
    return row?.node;
  }

  async function invocationsOf(runId: string) {
    const { run } = await product.client().request(RunDetailDocument, { id: runId });
    return run?.invocations?.nodes ?? [];
  }

  async function endOf(runs: readonly string[]): Promise<Record<Place, unknown>> {
    const ended = await Promise.all(runs.map((run) => product.ended(run, 60_000)));
    return Object.fromEntries(PLACES.map((place, at) => [place, outcomeOf(ended[at] as RunDetail)])) as Record<
      Place,
      unknown
    >;
  }
});

/** What is the same however the process was stopped: not ids, times, attempts, and what earlier runs left to be recalled. */
function outcomeOf({ status, answer, outcome, error, ...run }: RunDetail): unknown {
  return {
    end: { status, answer, outcome, error },
    steps: run.steps.nodes.map(({ nodeId, status, summary }) => [nodeId, status, nodeId === "recall" ? "" : summary]),
    decisions: run.decisions?.nodes.map(({ tool, allow }) => [tool, allow]),
    invocations: run.invocations?.nodes.map(({ tool, status, output }) => [tool?.name, status, output]),
    memories: run.memories?.nodes
      .map(({ kind, role, content, links }) => [kind, role, content, links.nodes.length].join(" "))
      .toSorted(),
  };
}
