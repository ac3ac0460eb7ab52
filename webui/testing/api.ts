import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunFilter, RunSummaryFragment, SendMessageInput } from "@soma/graphql/operations";
import { buildSchema, GraphQLError, graphql } from "graphql";
import type { Client } from "urql";
import { createApiClient } from "../src/graphql/api-client.ts";
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
  /** What `node` answers, by its id. */
  nodes: Record<string, object>;
  /** The graph of every run; null as of one that the server does not have. */
  picture: object | null;
  /** The state of every run at an event, and what differs between two. */
  stateAt(seq: number): unknown;
  stateDiff(fromSeq: number, toSeq: number): object[];
  /** What a rollback tells had reached outside. */
  effects: object[];
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

export function refusal(message: string, code = "FORBIDDEN", retryable = false): GraphQLError {
  return new GraphQLError(message, { extensions: { code, retryable, traceId: "t1" } });
}

export function createTestApi(runs: readonly RunSummaryFragment[] = [], onSignedOut = (): void => {}): TestApi {
  const asked: Asked[] = [];
  const send: typeof fetch = async (_url, init) => {
    const { query, operationName, variables } = JSON.parse(String(init?.body)) as Asked & { query: string };
    if (api.away) throw new TypeError("fetch failed");
    if (api.signedOut) return new Response("", { status: 401 });
    asked.push({ operationName, variables });
    await api.wait;
    const answer = await graphql({ schema, source: query, variableValues: variables, rootValue: rootOf(api) });
    return Response.json(answer);
  };
  const api: TestApi = {
    client: createApiClient(onSignedOut, send),
    send,
    runs: [...runs],
    nodes: {},
    picture: null,
    stateAt: (seq) => ({ at: seq }),
    stateDiff: () => [],
    effects: [],
    refusals: {},
    away: false,
    wait: Promise.resolve(),
    signedOut: false,
    asked: (name) => asked.filter(({ operationName }) => operationName === name).map(({ variables }) => variables),
  };
  return api;
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
    graphs: ["assistant", "researcher"].map((name) => ({ name, version: 1, hash: "h" })),
    runs(params: PageParams) {
      check("runs");
      return pageOf(api.runs, params);
    },
    run({ id }: { id: string }) {
      check("run");
      return detailOf(
        api,
        api.runs.find((run) => run.id === id),
      );
    },
    forkRun({ input }: { input: { runId: string; input?: object } }) {
      check("forkRun");
      const origin = api.runs.find((run) => run.id === input.runId);
      const asked = { ...(origin?.input as object), ...input.input };
      const run = runningRun(900 + api.runs.length, { input: asked });
      api.runs = [run, ...api.runs];
      return { run };
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
      return sessionOf(api.runs, id);
    },
    cancelRun({ input }: { input: { runId: string } }) {
      check("cancelRun");
      api.runs = api.runs.map((run) => (run.id === input.runId ? { ...run, status: "CANCELED" } : run));
      return { run: api.runs.find((run) => run.id === input.runId) };
    },
    sendMessage({ input }: { input: SendMessageInput }) {
      check("sendMessage");
      const session = { id: String(input.sessionId ?? "s-new") };
      const run = runningRun(900 + api.runs.length, { input: { text: input.text }, session });
      api.runs = [run, ...api.runs];
      return { run, session };
    },
  };
}

interface PageParams {
  filter?: RunFilter;
  first?: number;
  after?: string;
  last?: number;
  before?: string;
}

/** A cursor is the id of its run. */
function pageOf(all: readonly RunSummaryFragment[], { filter, first, after, last, before }: PageParams) {
  const fitting = all.filter(
    ({ status, graph, input }) =>
      (filter?.status ?? [status]).includes(status) &&
      (filter?.graph ?? graph) === graph &&
      JSON.stringify(input).includes(filter?.text ?? ""),
  );
  const within = fitting.filter(
    ({ id }) => (after === undefined || id < after) && (before === undefined || id > before),
  );
  const nodes = last === undefined ? within.slice(0, first) : within.slice(-last);
  const [newest, oldest] = [nodes[0], nodes.at(-1)];
  return {
    nodes,
    pageInfo: {
      hasNextPage: oldest !== undefined && fitting.some(({ id }) => id < oldest.id),
      hasPreviousPage: newest !== undefined && fitting.some(({ id }) => id > newest.id),
      startCursor: newest?.id ?? null,
      endCursor: oldest?.id ?? null,
    },
  };
}

function sessionOf(all: readonly RunSummaryFragment[], id: string) {
  const nodes = all.filter(({ session }) => session.id === id);
  return nodes.length === 0 ? null : { id, createdAt: nodes.at(-1)?.createdAt, runs: { nodes } };
}

function detailOf(api: TestApi, run: RunSummaryFragment | undefined) {
  const none = { nodes: [] };
  if (run === undefined) return null;
  const steps = { ...none, totalCount: 0 };
  return {
    ...run,
    graphVersion: 1,
    picture: api.picture,
    stateAt: ({ seq = run.headSeq }: { seq?: number }) => ({ seq, state: api.stateAt(seq) }),
    stateDiff: ({ fromSeq, toSeq }: { fromSeq: number; toSeq: number }) => api.stateDiff(fromSeq, toSeq),
    traceId: "t1",
    startedBy: "ada",
    children: [],
    steps,
    decisions: none,
    invocations: none,
    memories: none,
  };
}
