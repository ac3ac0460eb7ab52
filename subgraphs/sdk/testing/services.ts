import type { Tool } from "../define-tool.ts";
import type { EmbeddingClient } from "../embedding-client.ts";
import type { ChatRequest, ModelClient } from "../model-client.ts";
import { answerByScenario, type Scenario } from "../scenario.ts";
import { schemaFaults } from "../schema-faults.ts";
import { type ScriptedAnswer, toChatEvents, toSpoken } from "../scripted-answer.ts";
import type { CatalogTool, StepServices, ToolInvocation } from "../services.ts";
import { wordVector } from "../word-vector.ts";
import { aToolContext } from "./tool-context.ts";

/** Does a tool's work in a test; what it gives is the output, as JSON where it is no text. */
export type ToolFake = (args: { [name: string]: unknown }) => unknown;

/** Answers in order, a function of what the model is asked, a scenario, or a client that asks a server. */
export type ModelFake =
  | readonly (string | ScriptedAnswer | Error)[]
  | ((request: ChatRequest) => string | ScriptedAnswer)
  | Scenario
  | ModelClient;

export interface TestServicesParams {
  model?: ModelFake;
  /** By name: what `defineTool()` gave, or a function in its place. */
  tools?: { readonly [name: string]: Tool | ToolFake };
  /** Vectors of texts; left out, those of their words: what has words in common is near. */
  vectorsOf?: (text: string) => number[];
  /** Tools that the policy denies. */
  denied?: readonly string[];
  now(): Date;
}

/** A call of a tool, in the order they were made; one that is asked for again under its key is not made again. */
export interface TestedCall {
  tool: string;
  args: { [name: string]: unknown };
  status: string;
}

/** Services of a step in memory: nothing outside is touched, and what a test does not give does not exist. */
export function createTestServices(params: TestServicesParams): { services: StepServices; calls: TestedCall[] } {
  const { tools = {}, denied = [] } = params;
  const calls: TestedCall[] = [];
  const invocations = new Map<string, Promise<ToolInvocation>>();
  const catalog = Object.entries(tools).map(([name, tool]) => describe(name, tool));
  const model = createTestModel(params.model ?? []);
  const services: StepServices = {
    model: async () => model,
    embeddings: async (profile = "test") => testEmbeddings(profile, params.vectorsOf),
    tools: {
      list: async () => catalog,
      invocationIdOf: (key) => `invocation of ${key}`,
      invoke({ tool, args, idempotencyKey }) {
        const known = invocations.get(idempotencyKey);
        if (known !== undefined) return known;
        const call: TestedCall = { tool, args, status: "RUNNING" };
        calls.push(call);
        const made = run(tool, tools[tool], args, params.now).then((answer) => {
          call.status = answer.status;
          return { id: `invocation of ${idempotencyKey}`, ...answer };
        });
        invocations.set(idempotencyKey, made);
        return made;
      },
      cancel: async () => {},
      async *frames() {},
    },
    policy: {
      async decide({ tool, idempotencyKey }) {
        const id = `decision of ${idempotencyKey}`;
        if (denied.includes(tool)) return { id, allow: false, reason: "the test denies it", token: null };
        return { id, allow: true, reason: "the test allows it", token: "token" };
      },
    },
    memory: {
      recall: async () => ({ source: "test", hits: [] }),
      remember: async ({ idempotencyKey }) => ({ memoryId: `memory of ${idempotencyKey}`, deduplicated: false }),
      link: async () => {},
    },
    session: {
      earlierTurns: async () => [],
      past: async () => ({ summary: undefined, turns: [] }),
      keepSummary: async () => true,
    },
  };
  return { services, calls };
}

function describe(name: string, tool: Tool | ToolFake): CatalogTool {
  if (typeof tool === "function")
    return { name, version: "1", description: name, inputSchema: { type: "object" }, risk: "LOW", timeoutMs: 1_000 };
  const { version, description, inputSchema, timeoutMs } = tool;
  return { name, version, description, inputSchema, timeoutMs, risk: tool.risk.toUpperCase() as CatalogTool["risk"] };
}

type Outcome = Omit<ToolInvocation, "id">;

async function run(
  name: string,
  tool: Tool | ToolFake | undefined,
  args: { [name: string]: unknown },
  now: () => Date,
): Promise<Outcome> {
  try {
    if (tool === undefined) return failed("BAD_INPUT", `there is no tool "${name}"`);
    return { status: "SUCCEEDED", output: await outputOf(tool, args, now), error: null };
  } catch (error) {
    const type = error instanceof Error && "type" in error ? String(error.type) : "internal";
    return failed(type, error instanceof Error ? error.message : String(error));
  }
}

function failed(type: string, message: string): Outcome {
  return { status: "FAILED", output: null, error: { type, message } };
}

async function outputOf(tool: Tool | ToolFake, args: { [name: string]: unknown }, now: () => Date): Promise<string> {
  if (typeof tool === "function") {
    const given = await tool(args);
    return typeof given === "string" ? given : (JSON.stringify(given) ?? "");
  }
  const faults = schemaFaults(tool.inputSchema, args, "the arguments");
  if (faults.length > 0) throw new Error(`the arguments of ${tool.name} do not fit its schema: ${faults.join("; ")}`);
  let output = "";
  const emit = (text: string): void => {
    output += text;
  };
  const rest = await tool.run(args, aToolContext({ emit, now }));
  return output + (rest ?? "");
}

function createTestModel(fake: ModelFake): ModelClient {
  if ("chat" in fake) return fake;
  let asked = 0;
  const answer = (request: ChatRequest): string | ScriptedAnswer => {
    asked += 1;
    if (typeof fake === "function") return fake(request);
    if ("rules" in fake)
      return answerByScenario(fake, request) ?? noAnswer(`no rule of the scenario fits question ${asked}`);
    const next =
      fake[asked - 1] ?? noAnswer(`the test gives ${fake.length} answers, and the model was asked ${asked} times`);
    if (next instanceof Error) throw next;
    return next;
  };
  return {
    profile: "test",
    provider: "test",
    model: "test",
    isAi: false,
    async *chat(request) {
      const given = answer(request);
      yield* toChatEvents(toSpoken(typeof given === "string" ? { text: given } : given), request);
    },
  };
}

const DIMENSIONS = 64;

function testEmbeddings(
  profile: string,
  vectorOf = (text: string): number[] => wordVector(text, DIMENSIONS),
): EmbeddingClient {
  const { length: dimensions } = vectorOf("a text");
  const embed = async (texts: readonly string[]) => ({ vectors: texts.map(vectorOf), usage: null });
  return { profile, provider: "test", model: "test", isAi: false, dimensions, embed };
}

function noAnswer(why: string): never {
  throw new Error(why);
}
