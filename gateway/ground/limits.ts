/** Every bound of the gateway in one place. */
export interface GatewayLimits {
  /** Bytes of a request body over HTTP. */
  bodyBytes: number;
  /** Bytes of one WebSocket message. */
  messageBytes: number;
  /** Lexical tokens of a document. */
  tokens: number;
  /** Nested selections; fields of the introspection types have their own bound, because standard tools need 15. */
  depth: number;
  introspectionDepth: number;
  aliases: number;
  rootFields: number;
  /** Nested lists and objects of the variables. */
  variablesDepth: number;
  /** Documents whose plan is kept. */
  documents: number;
  /** Queries and mutations in flight. */
  concurrentOperations: number;
  /** Open WebSocket connections, and operations on one of them. */
  connections: number;
  operationsPerConnection: number;
  /** Events that wait for a slow subscriber before its operation is ended. */
  queuedEvents: number;
  /** Milliseconds until a subgraph must have answered. */
  subgraphMs: number;
  /** Milliseconds a new WebSocket may take to introduce itself, towards us and from us to a subgraph. */
  connectionInitMs: number;
  /** Milliseconds between pings towards a subgraph; one that misses a ping is given up. */
  keepAliveMs: number;
  /** Milliseconds that operations in flight get when the gateway closes. */
  drainMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  bodyBytes: 102_400,
  messageBytes: 65_536,
  tokens: 2_000,
  depth: 12,
  introspectionDepth: 15,
  aliases: 30,
  rootFields: 20,
  variablesDepth: 32,
  documents: 500,
  concurrentOperations: 1_000,
  connections: 2_000,
  operationsPerConnection: 32,
  queuedEvents: 256,
  subgraphMs: 10_000,
  connectionInitMs: 3_000,
  keepAliveMs: 12_000,
  drainMs: 5_000,
};
