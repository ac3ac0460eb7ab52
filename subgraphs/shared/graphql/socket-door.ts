import type { Server } from "node:http";
import type { GraphQLError, GraphQLSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Log } from "../log.ts";
import type { RequestContext } from "./context.ts";
import { formatError } from "./format-error.ts";
import { MAX_REQUEST_BYTES } from "./http-door.ts";

export interface SocketDoorOptions {
  server: Server;
  schema: GraphQLSchema;
  contextFor(token: string | undefined, requestId: string | undefined): Promise<RequestContext>;
  log: Log;
}

/** Milliseconds a new connection may take to introduce itself, and between the pings that tell that it lives. */
const INTRODUCTION_MS = 3_000;
const KEEP_ALIVE_MS = 12_000;

/** Serves subscriptions over graphql-ws at `/graphql`; the function ends them all. */
export function serveSubscriptions({ server, schema, contextFor, log }: SocketDoorOptions): () => Promise<void> {
  const sockets = new WebSocketServer({
    server,
    path: "/graphql",
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
  });
  const disposable = useServer<Record<string, unknown>, { somaContext?: RequestContext }>(
    {
      schema,
      connectionInitWaitTimeout: INTRODUCTION_MS,
      async onConnect(connection) {
        const { token, requestId } = connection.connectionParams ?? {};
        connection.extra.somaContext = await contextFor(textOf(token), textOf(requestId));
        return true;
      },
      context: (connection) => connection.extra.somaContext,
      onError: (_connection, _id, _payload, errors) => errors.map((error) => formatError(error as GraphQLError, log)),
      onNext(_connection, _id, _payload, _args, result) {
        if (result.errors === undefined) return undefined;
        return { data: result.data ?? null, errors: result.errors.map((error) => formatError(error, log)) };
      },
    },
    sockets,
    KEEP_ALIVE_MS,
  );
  return async () => {
    await disposable.dispose();
    sockets.close();
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
