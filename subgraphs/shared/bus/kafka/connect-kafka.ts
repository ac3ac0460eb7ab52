import kafkajs, { type Kafka, type LogEntry } from "kafkajs";
import type { Log } from "../../log.ts";
import type { KafkaSettings } from "./kafka-settings.ts";

const CONNECT_MS = 5_000;

/**
 * A client of the brokers that are named. It connects to none of them yet, and its log is ours.
 *
 * Node warns once in a process of a negative time-out: after each answer the client sets a timer to the end of a throttling
 * that there was not. Node makes it one millisecond, the timer finds nothing to do, and no option of the client leaves it out.
 */
export function connectKafka({ brokers, clientId, requestMs, isTls, ca, user }: KafkaSettings, log: Log): Kafka {
  return new kafkajs.Kafka({
    brokers: inTurn(brokers),
    clientId,
    connectionTimeout: CONNECT_MS,
    requestTimeout: requestMs,
    // A request that a broker never answers would hold its caller for ever.
    enforceRequestTimeout: true,
    ...(isTls ? { ssl: ca === undefined ? true : { ca: [ca] } } : {}),
    ...(user === undefined ? {} : { sasl: saslOf(user) }),
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => tell(log, entry),
  });
}

/**
 * Whatever connects anew begins with the first broker it is told, and tries the next one only when a connection is refused. One
 * that stands still takes connections and answers nothing, so each time another one is told.
 */
function inTurn(brokers: readonly string[]): () => string[] {
  let next = 0;
  return () => {
    const at = next % brokers.length;
    next += 1;
    return brokers.slice(at, at + 1);
  };
}

function saslOf({ mechanism, username, password }: NonNullable<KafkaSettings["user"]>) {
  switch (mechanism) {
    case "plain":
      return { mechanism, username, password };
    case "scram-sha-256":
      return { mechanism, username, password };
    case "scram-sha-512":
      return { mechanism, username, password };
  }
}

/** Said of each producer that does not try for ever. Ours begins anew after a send that failed, so that it promises no less. */
const EXPECTED = "Limiting retries for the idempotent producer may invalidate EoS guarantees";

/** What the client says is a warning at most: whether a person must look is decided by who uses it. */
function tell(log: Log, { namespace, log: { message, error, broker, groupId } }: LogEntry): void {
  if (message === EXPECTED) return;
  log.warn({ part: namespace, says: message, error, broker, group: groupId }, "the client of Kafka says something");
}
