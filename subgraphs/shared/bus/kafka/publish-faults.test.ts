import kafkajs from "kafkajs";
import { expect, it } from "vitest";
import { toPublishFault } from "./publish-faults.ts";

const { KafkaJSAggregateError, KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = kafkajs;

const said = (type: string): Error => Object.assign(new KafkaJSProtocolError(new Error(`broker: ${type}`)), { type });
const wrapped = (cause: Error): Error =>
  Object.assign(new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 3, retryTime: 1 }), { cause });

it.each([
  ["MESSAGE_TOO_LARGE", "record"],
  ["UNKNOWN_TOPIC_OR_PARTITION", "topic"],
  ["TOPIC_AUTHORIZATION_FAILED", "topic"],
  ["NOT_ENOUGH_REPLICAS", "topic"],
  ["NOT_LEADER_FOR_PARTITION", "broker"],
])("toPublishFault() finds %s behind what the client wraps it in: it is about the %s", (type, about) => {
  for (const error of [
    said(type),
    wrapped(said(type)),
    new KafkaJSAggregateError("send failed", [wrapped(said(type))]),
  ])
    expect(toPublishFault(error)).toEqual({ about, reason: `${type}: broker: ${type}` });
});

it("toPublishFault() takes what no broker said for a broker that is away", () => {
  expect(toPublishFault(new KafkaJSConnectionError("connect ECONNREFUSED"))).toEqual({
    about: "broker",
    reason: "connect ECONNREFUSED",
  });
  expect(toPublishFault("odd")).toEqual({ about: "broker", reason: "odd" });
});
