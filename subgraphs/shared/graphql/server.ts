import { ApolloServer } from "@apollo/server";
import type { GraphQLError, GraphQLSchema } from "graphql";
import { type Fetch, listen } from "../http/listen.ts";
import { type Check, createReadiness, type FindFaults, untilStopping } from "../http/readiness.ts";
import type { VerifyPrincipal } from "../identity/internal-token.ts";
import type { Log } from "../log.ts";
import { toRequestId } from "../request-id.ts";
import { createRequestContext, type RequestContext } from "./context.ts";
import { formatError } from "./format-error.ts";
import { createHttpDoor } from "./http-door.ts";
import { serveSubscriptions } from "./socket-door.ts";
import { createSubgraphSchema } from "./subgraph-schema.ts";

export interface SubgraphOptions {
  name: string;
  typeDefs: string;
  resolvers: object;
  verify: VerifyPrincipal;
  log: Log;
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** What must be there for the subgraph to serve, such as its database. */
  checks: Readonly<Record<string, Check>>;
  /** What is served beside GraphQL, by its path. */
  doors?: Readonly<Record<string, Fetch>>;
}

export interface Subgraph {
  /** GraphQL endpoint, http. The same path over ws serves subscriptions. */
  url: string;
  findFaults: FindFaults;
  /** Refuses new work, lets requests in flight finish, closes sockets. */
  close(): Promise<void>;
}

/** Serves one subgraph over HTTP and graphql-ws. Refuses whoever brings no signed internal token. */
export async function startSubgraph(options: SubgraphOptions): Promise<Subgraph> {
  const { name, log, verify } = options;
  const schema = createSubgraphSchema(options.typeDefs, options.resolvers);
  const apollo = createApollo(schema, log);
  await apollo.start();
  let draining = false;

  async function contextFor(token: string | undefined, requestId: string | undefined): Promise<RequestContext> {
    const principal = await verify(token ?? "");
    const id = toRequestId(requestId);
    return createRequestContext({
      principal,
      requestId: id,
      log: log.child({ request_id: id, tenant: principal.tenant }),
    });
  }

  if (name in options.checks) throw new Error(`subgraph ${name}: a check may not have the name of the part itself`);
  const stopping = untilStopping(`the subgraph ${name}`, () => draining);
  const findFaults = createReadiness({ ...options.checks, [name]: stopping }, log);
  const portSetting = `SOMA_${name.toUpperCase()}_PORT`;
  const { host, port, doors = {} } = options;
  const door = createHttpDoor({ name, host, apollo, contextFor, findFaults, doors, log });
  const listening = await listen(door, { host, port, portSetting });
  const endSubscriptions = serveSubscriptions({ server: listening.server, host, schema, contextFor, log });
  return {
    url: `${listening.url}/graphql`,
    findFaults,
    async close() {
      draining = true;
      const closed = listening.close();
      await endSubscriptions();
      await closed;
      await apollo.stop();
    },
  };
}

function createApollo(schema: GraphQLSchema, log: Log): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    schema,
    introspection: true,
    csrfPrevention: false,
    formatError: (_formatted, error) => formatError(error as GraphQLError, log),
    stopOnTerminationSignals: false,
    logger: {
      debug: () => {},
      info: () => {},
      warn: (message) => log.warn({ detail: message }, "the GraphQL server warns"),
      error: (message) => log.error({ detail: message }, "the GraphQL server failed"),
    },
  });
}
