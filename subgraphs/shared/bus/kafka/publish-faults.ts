// The errors of this CommonJS package are spread into its exports, where Node does not see their names.
import kafkajs, { type KafkaJSError } from "kafkajs";

const { KafkaJSAggregateError, KafkaJSProtocolError } = kafkajs;

/** Of a record itself: sent again it is refused again. */
const OF_RECORD = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TIMESTAMP"]);
/** Of a topic: others are taken meanwhile, and a person may mend it. */
const OF_TOPIC = new Set([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "TOPIC_AUTHORIZATION_FAILED",
  "INVALID_TOPIC_EXCEPTION",
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "POLICY_VIOLATION",
]);

/** What a refused send is about, and what it says. */
export interface PublishFault {
  about: "record" | "topic" | "broker";
  reason: string;
}

/** The client wraps what a broker said in up to three errors of its own. */
export function toPublishFault(error: unknown): PublishFault {
  const reasons = causesOf(error);
  const said = reasons.find((cause) => cause instanceof KafkaJSProtocolError);
  const type = said instanceof KafkaJSProtocolError ? said.type : "";
  const reason = (said ?? reasons.at(-1))?.message ?? String(error);
  const about = OF_RECORD.has(type) ? "record" : OF_TOPIC.has(type) ? "topic" : "broker";
  return { about, reason: type === "" ? reason : `${type}: ${reason}` };
}

function causesOf(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const inner: unknown[] = error instanceof KafkaJSAggregateError ? error.errors : [];
  const { cause } = error as KafkaJSError;
  return [error, ...[...inner, cause].flatMap((each) => causesOf(each, depth + 1))];
}
