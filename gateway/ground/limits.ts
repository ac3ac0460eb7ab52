/** The bounds a caller meets, in one place. */
export interface GatewayLimits {
  /** Bytes of a request body over HTTP. */
  bodyBytes: number;
  /** Bytes of one WebSocket message. */
  messageBytes: number;
  /** Lexical tokens of a document. */
  tokens: number;
  /** Brackets of a document inside one another, of every kind. */
  nesting: number;
  /**
   * Of a document with its fragments opened: fields, inline fragments and spreads; directives; pairs of fields that answer under
   * one name. Measured on our graph: with 1000, 300 and 20 000 of them hostile documents take the planner over 100 ms of CPU,
   * with these the worst takes 76; tests/load/hostile-documents.ts measures it again.
   */
  selections: number;
  directives: number;
  fieldPairs: number;
  /** Selections of all fragments, each opened by itself, as the planner opens them: a chain of n of them is n * n / 2. */
  fragmentSelections: number;
  /** Literal values of a document; what a list holds counts twice, as the planner looks at it twice. */
  literals: number;
  /** Nested selections; fields of the introspection types have their own bound, because standard tools need 15. */
  depth: number;
  introspectionDepth: number;
  aliases: number;
  rootFields: number;
  mutationsPerRequest: number;
  /** Nested lists and objects of the variables, and of a literal. */
  variablesDepth: number;
  /** Objects that an operation may read, mutations counting ten each; introspection is counted apart. */
  cost: number;
  introspectionCost: number;
  /** Items of a list that has no page size, and of a page whose size neither the request nor the schema says. */
  listSize: number;
  pageSize: number;
  /**
   * What one caller may ask in a burst, and what of it comes back in a second. An operation takes 1, a document that was not
   * asked for lately 10 more and 1 for each 2 ms it takes to check and to plan, every 2000 objects it may read 1 more, and each of
   * its mutations 1 more, or a tenth of what it weighs.
   */
  allowance: number;
  allowancePerSecond: number;
  /** Queries and mutations of one caller in flight. */
  operationsPerCaller: number;
  /** Documents whose plan is kept. */
  documents: number;
  /** Queries and mutations in flight. */
  concurrentOperations: number;
  /** Open WebSocket connections that introduced themselves, those of one caller, and operations on one of them. */
  connections: number;
  connectionsPerCaller: number;
  operationsPerConnection: number;
  /** Subscriptions of one caller, on all of its connections. */
  subscriptionsPerCaller: number;
  /** WebSocket connections that have not introduced themselves, overall and of one network; the oldest leaves first. */
  strangers: number;
  strangersPerNetwork: number;
  /** Bytes that may wait for a connection to read them: then nothing more is read from it, or it ends if it is a stranger. */
  unreadBytes: number;
  unreadBytesOfStranger: number;
  /** Bytes that may wait on all connections and for all subscriptions together; above, the one that has most ends. */
  unreadBytesOfAll: number;
  /** Milliseconds that a client may leave unread what waits for it; over HTTP, without reading any of it. */
  unreadMs: number;
  /** Messages of one connection in a burst, and in a second; pings and pongs count. What comes faster is read later. */
  messageBurst: number;
  messagesPerSecond: number;
  /** TCP connections of one network, and overall, that wait: for a request, for its rest, or for someone to read the answer. */
  waitingPerNetwork: number;
  waiting: number;
  /** Events that wait for a slow subscriber before its operation is ended, and their bytes, as JSON. */
  queuedEvents: number;
  queuedBytes: number;
  /**
   * Events of one caller's subscriptions for which something is read at once, and milliseconds that one may wait for its turn
   * and then for the allowance, of which it takes as much as a query that reads the same; nothing if it holds all itself.
   */
  framesPerCaller: number;
  frameTurnMs: number;
  /** Milliseconds until a query is answered, or an event of a subscription, however many subgraphs are asked in a row. */
  queryMs: number;
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
  nesting: 64,
  selections: 500,
  directives: 30,
  fieldPairs: 5_000,
  fragmentSelections: 2_000,
  literals: 2_000,
  depth: 12,
  introspectionDepth: 15,
  aliases: 30,
  rootFields: 20,
  mutationsPerRequest: 5,
  variablesDepth: 32,
  cost: 10_000,
  introspectionCost: 75_000,
  listSize: 20,
  pageSize: 50,
  allowance: 600,
  allowancePerSecond: 200,
  operationsPerCaller: 24,
  documents: 500,
  concurrentOperations: 1_000,
  connections: 2_000,
  connectionsPerCaller: 100,
  operationsPerConnection: 32,
  subscriptionsPerCaller: 500,
  strangers: 1_000,
  strangersPerNetwork: 500,
  unreadBytes: 1_048_576,
  unreadBytesOfStranger: 65_536,
  unreadBytesOfAll: 268_435_456,
  unreadMs: 20_000,
  messageBurst: 1_000,
  messagesPerSecond: 200,
  waitingPerNetwork: 500,
  waiting: 2_000,
  queuedEvents: 256,
  queuedBytes: 4_194_304,
  framesPerCaller: 8,
  frameTurnMs: 120_000,
  queryMs: 25_000,
  subgraphMs: 10_000,
  connectionInitMs: 3_000,
  keepAliveMs: 12_000,
  drainMs: 5_000,
};
