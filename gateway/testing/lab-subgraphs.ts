import { composeServices } from "@apollo/composition";
import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { startSubgraph } from "@soma/shared/graphql/server";
import { stoppable } from "@soma/shared/graphql/stoppable";
import type { VerifyPrincipal } from "@soma/shared/identity/internal-token";
import type { Log } from "@soma/shared/log";
import { requestSignal } from "@soma/shared/request-signal";
import { activeTraceId } from "@soma/shared/telemetry";
import { parse } from "graphql";

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';

const RUNS_SDL = `${LINK}
  scalar JSON
  enum Order { OLDEST NEWEST }
  type Query { run(id: ID!): Run  runs(count: Int! = 3): [Run!]!  page(first: Int = 2, order: Order): [Run!]!  echo(value: JSON): JSON  fails(code: String!): String  crashes: String!  late(ms: Int!): Run }
  type Mutation { addRun(title: String!, ms: Int! = 0): Run }
  type Subscription { steps(runId: ID!, after: Int! = 0): Step!  flood(count: Int!, size: Int! = 1000): Step! }
  type Run @key(fields: "id") { id: ID! title: String! parent: Run }
  type Step { seq: Int! run: Run! note: String! }`;

const TOOLS_SDL = `${LINK}
  type Query { slow(ms: Int!): String }
  type Mutation { invoke(name: String!): String }
  type Run @key(fields: "id") { id: ID! invocations: [String!] refused: String slow(ms: Int!): String }`;

/** What a subgraph was asked with. */
interface Seen {
  subject: string;
  requestId: string;
  traceId: string;
}

export interface LabState {
  seen: Seen[];
  titles: Map<string, string>;
  /** Steps of the streams, which only grow. */
  steps: number[];
  /** Subscriptions that are open in the subgraph. */
  open: number;
  /** Mutations of the subgraph `tools`. */
  invoked: string[];
  /** Slow queries that came to the subgraph `tools`. */
  slow: number;
  /** Those of them that it heard nobody waits for any more. */
  abandoned: number;
  /** Adds a step and wakes whoever waits for it. */
  publish(): void;
}

export function composeLab(): string {
  const result = composeServices([
    { name: "runs", url: "http://runs.subgraph/graphql", typeDefs: parse(RUNS_SDL) },
    { name: "tools", url: "http://tools.subgraph/graphql", typeDefs: parse(TOOLS_SDL) },
  ]);
  if (result.errors !== undefined) throw new Error(result.errors.map((error) => error.message).join("\n"));
  return result.supergraphSdl;
}

interface LabSubgraphOptions {
  verify: VerifyPrincipal;
  log: Log;
  port?: number;
}

/** A small `runs`: entities, a mutation, errors of every kind, and a stream with a cursor. */
export function startLabRuns(
  state: LabState & { wakers: Set<() => void> },
  { verify, log, port = 0 }: LabSubgraphOptions,
) {
  const run = (id: string) => ({ id, title: state.titles.get(id) ?? `Run ${id}` });
  const resolvers = {
    Query: {
      run: (_root: unknown, { id }: { id: string }, context: RequestContext) => {
        note(state, context);
        return run(id);
      },
      runs: (_root: unknown, { count }: { count: number }) =>
        Array.from({ length: count }, (_, index) => run(String(index + 1))),
      page: (_root: unknown, { first }: { first: number }) =>
        Array.from({ length: first }, (_, index) => run(String(index + 1))),
      echo: (_root: unknown, { value }: { value: unknown }) => value,
      fails: (_root: unknown, { code }: { code: "NOT_FOUND" }) => {
        throw new SomaError(code, `failed with ${code}`);
      },
      late: async (_root: unknown, { ms }: { ms: number }) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return run("1");
      },
      crashes: () => {
        throw new Error("secret detail of the inside");
      },
    },
    Mutation: {
      addRun: async (_root: unknown, { title, ms }: { title: string; ms: number }) => {
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
        const id = String(100 + state.titles.size);
        state.titles.set(id, title);
        return run(id);
      },
    },
    Subscription: {
      steps: {
        subscribe: (_root: unknown, { runId, after }: { runId: string; after: number }, context: RequestContext) => {
          note(state, context);
          if (runId === "unknown") throw new SomaError("NOT_FOUND", `run ${runId} does not exist`);
          return stoppable((signal) => followSteps(state, { runId, after }, signal));
        },
      },
      flood: {
        subscribe: (_root: unknown, { count, size }: { count: number; size: number }) =>
          stoppable(async function* () {
            for (let seq = 1; seq <= count; seq += 1) yield { flood: { seq, run: run("1"), note: "x".repeat(size) } };
          }),
      },
    },
    Run: {
      __resolveReference: ({ id }: { id: string }) => run(id),
      parent: ({ id }: { id: string }) => run(`${id}p`),
    },
  };
  return startSubgraph({
    name: "runs",
    typeDefs: RUNS_SDL,
    resolvers,
    verify,
    log,
    host: "127.0.0.1",
    port,
    checks: {},
  });
}

function note(state: LabState, { principal, requestId }: RequestContext): void {
  state.seen.push({ subject: principal.subject, requestId, traceId: activeTraceId() });
}

async function* followSteps(
  state: LabState & { wakers: Set<() => void> },
  params: { runId: string; after: number },
  signal: AbortSignal,
) {
  state.open += 1;
  let wake = (): void => {};
  const waker = (): void => wake();
  state.wakers.add(waker);
  signal.addEventListener("abort", waker, { once: true });
  try {
    for (let seq = params.after + 1; !signal.aborted; ) {
      if (seq <= state.steps.length) {
        yield { steps: { seq, run: { id: params.runId, title: `Run ${params.runId}` }, note: `step ${seq}` } };
        seq += 1;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    state.wakers.delete(waker);
    state.open -= 1;
  }
}

/** A small `tools` that extends `Run`. */
export function startLabTools(state: LabState, { verify, log, port = 0 }: LabSubgraphOptions) {
  const slow = (_source: unknown, { ms }: { ms: number }) => {
    state.slow += 1;
    requestSignal()?.addEventListener("abort", () => {
      state.abandoned += 1;
    });
    return new Promise((resolve) => setTimeout(resolve, ms, "at last"));
  };
  const resolvers = {
    Query: { slow },
    Mutation: {
      invoke: (_root: unknown, { name }: { name: string }) => {
        state.invoked.push(name);
        return name;
      },
    },
    Run: {
      __resolveReference: ({ id }: { id: string }) => ({ id }),
      invocations: ({ id }: { id: string }, _args: unknown, context: RequestContext) => {
        note(state, context);
        return [`call of ${id}`];
      },
      slow,
      refused: ({ id }: { id: string }) => {
        throw new SomaError("FORBIDDEN", `run ${id} is not for you`);
      },
    },
  };
  return startSubgraph({
    name: "tools",
    typeDefs: TOOLS_SDL,
    resolvers,
    verify,
    log,
    host: "127.0.0.1",
    port,
    checks: {},
  });
}
