import { createRequire } from "node:module";
import { describe, expect, it, vi } from "vitest";
import { crc32c } from "./crc32c.ts";
import { type BatchContext, decodeRecord } from "./decode-record.ts";
import { encodeProduce, type ProduceParams } from "./encode-produce.ts";
import type { WireRecord } from "./encode-record.ts";
import { hashKey, partitionOf } from "./hash-key.ts";
import { toOwnMessage } from "./messages.ts";
import { replaceCoders } from "./replace-coders.ts";

interface Reader {
  buffer: Buffer;
  offset: number;
}
interface Encoded {
  buffer: Buffer;
}
type MakeRequest = (params: ProduceParams & { compression?: number }) => {
  encode(): Promise<Encoded>;
  apiVersion: number;
};

// What the client has of its own, before anything is in its place.
const require = createRequire(import.meta.url);
const client = {
  crc32c: require("kafkajs/src/protocol/recordBatch/crc32C") as (bytes: Buffer) => number,
  hash: require("kafkajs/src/producer/partitioners/default/murmur2.js") as (key: string) => number,
  produce: require("kafkajs/src/protocol/requests/produce/v3/request.js") as MakeRequest,
  encodeRecord: require("kafkajs/src/protocol/recordBatch/record/v0") as (record: object) => Encoded,
  decodeRecord: require("kafkajs/src/protocol/recordBatch/record/v0/decoder.js") as typeof decodeRecord,
  Decoder: require("kafkajs/src/protocol/decoder.js") as new (bytes: Buffer) => Reader,
  versions: require("kafkajs/src/protocol/requests/produce/index.js") as {
    protocol(of: { version: number }): (params: object) => { request: ReturnType<MakeRequest> };
  },
};

const LETTERS = ["a", "b", "{", '"', "~", "ä", "ß", "€", "語", "🙂", "\u0000", "\n"];

/** The same for the same number, and of every size that its length takes another byte for. */
function aText(number: number, length: number): string {
  const choices = number % 3 === 0 ? LETTERS.length : 5;
  return Array.from({ length }, (_letter, at) => LETTERS[(number * 7 + at * 3) % choices]).join("");
}

const LENGTHS = [0, 1, 20, 21, 22, 31, 32, 62, 63, 64, 65, 127, 128, 400, 8_191, 8_192, 8_200];

function aRecord(number: number): WireRecord {
  const headers = Array.from({ length: number % 12 }, (_header, at) => [
    `name-${aText(number, at)}`,
    aText(number + at, LENGTHS[(number + at) % 13] ?? 0),
  ]);
  const length = LENGTHS[number % LENGTHS.length] ?? 0;
  return { key: aText(number, number % 70), value: aText(number, length), headers: Object.fromEntries(headers) };
}

function aRequest(count: number, transactionalId: string | null): ProduceParams {
  const partitionOfCount = (partition: number, messages: WireRecord[]) => ({ partition, firstSequence: 7, messages });
  const records = Array.from({ length: count }, (_record, number) => toOwnMessage({ topic: "t", ...aRecord(number) }));
  const partitions = [partitionOfCount(0, records.slice(0, 1)), partitionOfCount(5, records.slice(1))];
  const topicData = [
    { topic: "soma.acme.agent.runs.v1", partitions },
    { topic: "täglich", partitions: partitions.slice(0, 1) },
  ];
  return { acks: -1, timeout: 30_000, transactionalId, producerId: "9007199254740993", producerEpoch: 3, topicData };
}

describe("crc32c() and hashKey()", () => {
  it("give what the client's own do, whatever the length", () => {
    for (let length = 0; length < 300; length += 1) {
      const text = aText(length, length);
      const bytes = Buffer.from(text);
      expect(crc32c(bytes)).toBe(client.crc32c(bytes));
      expect(crc32c(bytes, 3)).toBe(client.crc32c(bytes.subarray(3)));
      expect(hashKey(text)).toBe(client.hash(text));
    }
  });

  it("put a key into the partition that other clients put it into", () => {
    expect([partitionOf("", 12), partitionOf("key-1", 12), partitionOf("ä", 12)]).toEqual(
      ["", "key-1", "ä"].map((key) => (client.hash(key) & 0x7fffffff) % 12),
    );
  });
});

describe("encodeProduce()", () => {
  it.each([null, "soma-relay.runs"])("writes the bytes that the client writes, in transactions of %s", async (id) => {
    vi.useFakeTimers({ now: 1_795_820_909_798 });
    const params = aRequest(300, id);
    const { buffer } = await client.produce(params).encode();
    vi.useRealTimers();
    expect(encodeProduce(params, 1_795_820_909_798).equals(buffer)).toBe(true);
  });
});

describe("decodeRecord()", () => {
  const batch: BatchContext = {
    firstOffset: "9007199254000000",
    firstTimestamp: "1795820909798",
    maxTimestamp: "1795820909999",
    timestampType: 0,
    magicByte: 2,
    isControlBatch: false,
  };
  const bytesOf = (record: object): Buffer => {
    const { buffer } = client.encodeRecord(record);
    const reader = new client.Decoder(buffer) as Reader & { readVarIntBytes(): Buffer };
    return reader.readVarIntBytes();
  };
  const both = (record: object, of = batch) =>
    [client.decodeRecord, decodeRecord].map((decode) => decode(new client.Decoder(bytesOf(record)), of));

  it("reads what the client reads", () => {
    for (let number = 0; number < 200; number += 1) {
      const record = { ...aRecord(number), offsetDelta: number * 97, timestampDelta: (number - 50) * 1_000_003 };
      const of = { ...batch, timestampType: number % 2, isControlBatch: number % 5 === 0 };
      const [theirs, ours] = both(record, of);
      expect(ours).toEqual(theirs);
    }
  });

  it("counts on exactly from offsets and times that no number holds", () => {
    const of = { ...batch, firstOffset: "9007199254740991", firstTimestamp: "1795820909798000001" };
    for (const offsetDelta of [0, 1, 2, 300]) {
      const [theirs, ours] = both({ key: "k", value: "v", headers: {}, offsetDelta, timestampDelta: 7 }, of);
      expect(ours).toEqual(theirs);
      expect(ours?.offset).toBe(String(9_007_199_254_740_991n + BigInt(offsetDelta)));
    }
  });

  it("reads a tombstone, a record without a key, and a header of several values", () => {
    const [theirs, ours] = both({ key: null, value: null, headers: { a: ["1", "2", "3"], b: "4" } });
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject({
      key: null,
      value: null,
      headers: { a: ["1", "2", "3"].map((one) => Buffer.from(one)) },
    });
  });

  it("takes a header named __proto__ as a header", () => {
    const [, ours] = both({ key: "k", value: "v", headers: { ["__proto__"]: "1" } });
    expect(Object.entries(ours?.headers ?? {})).toEqual([["__proto__", Buffer.from("1")]]);
    expect(Object.getPrototypeOf(ours?.headers)).toBe(Object.prototype);
  });
});

describe("replaceCoders()", () => {
  it("has the client encode by ours what our bus sends, and nothing else", async () => {
    replaceCoders();
    replaceCoders();
    const params = aRequest(20, null);
    const plain = {
      ...params,
      topicData: params.topicData.map((topic) => ({ ...topic, partitions: topic.partitions.map(strip) })),
    };
    for (const version of [3, 5, 6, 7]) {
      const make = client.versions.protocol({ version });
      const [ours, theirs, packed] = [make(params), make(plain), make({ ...params, compression: 1 })];
      expect(ours.request.apiVersion).toBe(version);
      const [mine, own] = [await ours.request.encode(), await theirs.request.encode()];
      expect([mine.constructor.name, own.constructor.name]).toEqual(["Object", "Encoder"]);
      expect((await packed.request.encode()).constructor.name).toBe("Encoder");
      expect(mine.buffer.length).toBe(own.buffer.length);
    }
  });
});

function strip({ messages, ...partition }: ProduceParams["topicData"][number]["partitions"][number]) {
  return { ...partition, messages: messages.map(({ key, value, headers }) => ({ key, value, headers })) };
}
