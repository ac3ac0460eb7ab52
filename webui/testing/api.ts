import { readFileSync } from "node:fs";
import { join } from "node:path";
import type {
  AgentDetailQuery,
  AgentsQuery,
  ForkRunInput,
  RenameSessionInput,
  RunSummaryFragment,
  SendMessageInput,
  StartRunInput,
} from "@soma/graphql/operations";
import { buildSchema, GraphQLError, graphql } from "graphql";
import type { Client } from "urql";
import { createApiClient } from "../src/graphql/api-client.ts";
import { type PageParams, pageOf } from "./page-of-runs.ts";
import { runningRun } from "./runs.ts";

const schema = buildSchema(readFileSync(join(import.meta.dirname, "../../graphql/schema.graphql"), "utf8"));

interface Asked {
  operationName: string;
  variables: Record<string, unknown>;
}

/** The API in memory, by the schema that the gateway serves: what a test does not set answers as an idle server would. */
export interface TestApi {
  client: Client;
  send: typeof fetch;
  /** Newest first. */
  runs: RunSummaryFragment[];
  agents: TestAgent[];
  /** Null where there is none. */
  project: NonNullable<AgentsQuery["project"]> | null;
  /** What `node` answers, by its id. */
  nodes: Record<string, object>;
  /** The graph of every run; null as of one that the server does not have. */
  picture: object | null;
  /** The state of every run at an event, and what differs between two. */
  stateAt(seq: number): unknown;
  stateDiff(fromSeq: number, toSeq: number): object[];
  /** What a rollback, or the plan of a fork, tells had reached outside. */
  effects: object[];
  /** Where the search of each list of runs ended before its page was full. */
  searchedTo: { cursor: string; createdAt: string; runs: number } | null;
  /** What is told of sessions beside their runs, by their ids. */
  sessions: Record<string, object>;
  /** What runs ask a person, by their ids. */
  questions: Record<string, object[]>;
  /** Which run was forked from which, the newest first. */
  forks: { id: string; of: string }[];
  /** Root fields of one test's own, over those that are here. */
  more: Record<string, unknown>;
  /** What is said instead of doing it; by the name of the root field. */
  refusals: Record<string, GraphQLError>;
  /** True while no request arrives. */
  away: boolean;
  /** What each answer waits for. */
  wait: Promise<void>;
  /** True while the cookie is not one of a session. */
  signedOut: boolean;
  /** What was asked by operations of this name, the oldest first. */
  asked(operationName: string): Record<string, unknown>[];
}

type TestAgent = NonNullable<AgentDetailQuery["graph"]>;

export function refusal(message: string, code = "FORBIDDEN", retryable = false, more: object = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { code, retryable, traceId: "t1", ...more } });
}

/** An agent of one node, that takes a text. */
export function agentOf(name: string, more: Partial<TestAgent> = {}): TestAgent {
  const inputSchema = { type: "object", required: ["text"], properties: { text: { type: "string", minLength: 1 } } };
  const nodes = [{ id: "answer", name: "answer", type: "answer", within: null, steps: 0 }];
  return { name, version: 1, hash: "h", file: null, inputSchema, picture: { nodes, edges: [] }, ...more };
}

export function createTestApi(runs: readonly RunSummaryFragment[] = [], onSignedOut = (): void => {}): TestApi {
  const asked: Asked[] = [];
  const send: typeof fetch = async (_url, init) => {
    const { query, operationName, variables } = JSON.parse(String(init?.body)) as Asked & { query: string };
    if (api.away) throw new TypeError("fetch failed");
    if (api.signedOut) return new Response("", { status: 401 });
    asked.push({ operationName, variables });
    await untilEnded(api.wait, init?.signal);
    const answer = await graphql({
      schema,
      source: query,
      variableValues: variables,
      rootValue: { ...rootOf(api), ...api.more },
    });
    return Response.json(answer);
  };
  const api: TestApi = {
    client: createApiClient(onSignedOut, send),
    send,
    runs: [...runs],
    agents: ["assistant", "researcher"].map((name) => agentOf(name)),
    project: null,
    nodes: {},
    picture: null,
    stateAt: (seq) => ({ at: seq }),
    stateDiff: () => [],
    effects: [],
    searchedTo: null,
    sessions: {},
    forks: [],
    questions: {},
    more: {},
    refusals: {},
    away: false,
    wait: Promise.resolve(),
    signedOut: false,
    asked: (name) => asked.filter(({ operationName }) => operationName === name).map(({ variables }) => variables),
  };
  return api;
}

/** What is waited for, until nobody waits for it any longer. */
function untilEnded(work: Promise<void>, signal: AbortSignal | null | undefined): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  return Promise.race([work, promise]);
}

function rootOf(api: TestApi) {
  const check = (field: string): void => {
    const said = api.refusals[field];
    if (said !== undefined) throw said;
  };
  return {
    modelStatus() {
      check("modelStatus");
      return { profile: "scripted", provider: "SCRIPTED", model: "scripted", isAi: false, reason: "No key is set" };
    },
    health() {
      check("health");
      return { status: "OK", components: [] };
    },
    graphs() {
      check("graphs");
      return api.agents;
    },
    graph({ name }: { name: string }) {
      check("graph");
      return api.agents.find((agent) => agent.name === name) ?? null;
    },
    project: api.project,
    runs(params: PageParams) {
      check("runs");
      return { ...pageOf(told(api), params), searchedTo: api.searchedTo };
    },
    run({ id }: { id: string }) {
      check("run");
      return detailOf(api, id);
    },
    rollbackRun({ input }: { input: { runId: string; dryRun: boolean } }) {
      check("rollbackRun");
      const goesOn = { status: "RUNNING", headSeq: 27, finishedAt: null, outcome: null } as const;
      if (!input.dryRun) api.runs = api.runs.map((run) => (run.id === input.runId ? { ...run, ...goesOn } : run));
      return { run: api.runs.find((run) => run.id === input.runId), effects: api.effects };
    },
    node({ id }: { id: string }) {
      check("node");
      return api.nodes[id] ?? null;
    },
    session({ id }: { id: string }) {
      check("session");
      return sessionOf(api, id);
    },
    cancelRun({ input }: { input: { runId: string } }) {
      check("cancelRun");
      api.runs = api.runs.map((run) => (run.id === input.runId ? { ...run, status: "CANCELED" } : run));
      return { run: api.runs.find((run) => run.id === input.runId) };
    },
    sendMessage({ input }: { input: SendMessageInput }) {
      check("sendMessage");
      return begin(api, { sessionId: input.sessionId, input: { text: input.text } });
    },
    startRun({ input }: { input: StartRunInput }) {
      check("startRun");
      return begin(api, input);
    },
    forkRun({ input }: { input: ForkRunInput }) {
      check("forkRun");
      return forkOf(api, input);
    },
    renameSession({ input: { sessionId, title } }: { input: RenameSessionInput }) {
      check("renameSession");
      const id = String(sessionId);
      api.sessions[id] = { ...api.sessions[id], title: title === "" ? null : title };
      return { session: sessionOf(api, id) };
    },
    decideApproval({ input }: { input: { approvalId: string } }) {
      check("decideApproval");
      const runId = input.approvalId.slice(0, input.approvalId.indexOf("."));
      delete api.questions[runId];
      return { run: detailOf(api, runId) };
    },
    viewer: { subject: "user:ada", tenant: "acme", roles: ["assistant", "reader"] },
    modelProfiles() {
      check("modelProfiles");
      return PROFILES;
    },
  };
}

const PROFILES = [
  { name: "big", provider: "OPENAI_COMPATIBLE", model: "big-1", isUsable: true, why: "" },
  { name: "far", provider: "OPENAI_RESPONSES", model: "", isUsable: false, why: "it has no key" },
  { name: "scripted", provider: "SCRIPTED", model: "scripted-1", isUsable: true, why: "" },
].map((profile) => ({ ...profile, fallbacks: [], defaultOf: [] }));

type Begun = Pick<StartRunInput, "sessionId" | "input"> & Partial<Pick<StartRunInput, "graph">>;

function begin(api: TestApi, { sessionId, input, graph = "assistant" }: Begun) {
  const session = { id: String(sessionId ?? "s-new") };
  const run = runningRun(900 + api.runs.length, { graph, input, session });
  api.runs = [run, ...api.runs];
  return { run, session };
}

/** Runs with what their sessions are told of, and the runs that were forked from them. */
function told({ runs, sessions, forks }: TestApi) {
  return runs.map((run) => ({
    ...run,
    session: { ...run.session, ...sessions[run.session.id] },
    forks: forks.filter(({ of }) => of === run.id),
  }));
}

/** A run in another one's place, in a session that goes on from before that one. */
function forkOf(api: TestApi, { runId, input }: ForkRunInput) {
  const origin = api.runs.find(({ id }) => id === runId);
  if (origin === undefined) throw new GraphQLError(`run ${runId} does not exist`);
  const session = { id: `s-fork-${api.forks.length}` };
  const changes = { graph: origin.graph, input: { ...(origin.input as object), ...(input as object) }, session };
  const run = runningRun(900 + api.runs.length, changes);
  api.runs = [run, ...api.runs];
  api.forks = [{ id: run.id, of: origin.id }, ...api.forks];
  const { earlierRuns = [] } = (api.sessions[origin.session.id] ?? {}) as { earlierRuns?: object[] };
  const before = told(api).filter((each) => each.session.id === origin.session.id && each.id < origin.id);
  const forkedFrom = told(api).find(({ id }) => id === origin.id);
  api.sessions[session.id] = { earlierRuns: [...before, ...earlierRuns], forkedFrom };
  return { run };
}

function sessionOf(api: TestApi, id: string) {
  const nodes = told(api).filter(({ session }) => session.id === id);
  const createdAt = nodes.at(-1)?.createdAt;
  const runs = { nodes, pageInfo: { hasNextPage: false, hasPreviousPage: false } };
  return nodes.length === 0 ? null : { id, createdAt, earlierRuns: [], runs, ...api.sessions[id] };
}

function detailOf(api: TestApi, runId: string) {
  const { runs, questions } = api;
  const run = runs.find(({ id }) => id === runId);
  const none = { nodes: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } };
  if (run === undefined) return null;
  const steps = { ...none, totalCount: 0 };
  return {
    children: [],
    ...run,
    graphVersion: 1,
    picture: api.picture,
    stateAt: ({ seq = run.headSeq }: { seq?: number }) => ({ seq, state: api.stateAt(seq) }),
    stateDiff: ({ fromSeq, toSeq }: { fromSeq: number; toSeq: number }) => api.stateDiff(fromSeq, toSeq),
    traceId: "t1",
    startedBy: "ada",
    forkPlan() {
      if (api.refusals.forkPlan !== undefined) throw api.refusals.forkPlan;
      return { effects: api.effects };
    },
    pendingApprovals: questions[runId] ?? [],
    steps,
    decisions: none,
    invocations: none,
    memories: none,
  };
}
