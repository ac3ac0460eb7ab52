import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Number of the request that brings records. */
const PRODUCE = 0;
const LENGTH_BYTES = 4;

/** When something strikes: before the broker gets a batch, or when it has it and its answer is on its way. */
type Moment = "before" | "after";

/** Stands between the clients and the broker that tells them this port. */
export interface KafkaProxy {
  port: number;
  /** Told of each batch, twice; what it waits for is waited for by that connection alone. */
  onProduce: (moment: Moment) => Promise<void>;
  /** Where the broker listens for what comes through. */
  target: number;
  /** Cuts the connections there are. */
  cut(): void;
  /** Cuts them, and lets nobody connect until it is mended. */
  refuse(): void;
  /** Lets nothing through and tells nobody, as a network does that drops what it gets. */
  swallow(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function createKafkaProxy(): Promise<KafkaProxy> {
  const open = new Set<Socket>();
  let isRefusing = false;
  let isSwallowing = false;
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((client) => {
    if (isRefusing) return void client.destroy();
    const upstream = connect(proxy.target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {}).on("close", () => open.delete(socket));
    }
    join({ client, upstream, proxy, isSwallowing: () => isSwallowing });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: KafkaProxy = {
    port: (server.address() as AddressInfo).port,
    onProduce: async () => {},
    target: 0,
    cut,
    refuse() {
      isRefusing = true;
      cut();
    },
    swallow() {
      isSwallowing = true;
    },
    mend() {
      // What was dropped is gone: a connection that lacks a part of a message is of no use.
      if (isSwallowing) cut();
      isRefusing = false;
      isSwallowing = false;
    },
    async close() {
      server.close();
      cut();
      await once(server, "close");
    },
  };
  return proxy;
}

interface Joined {
  client: Socket;
  upstream: Socket;
  proxy: KafkaProxy;
  isSwallowing(): boolean;
}

function join({ client, upstream, proxy, isSwallowing }: Joined): void {
  const read = createRequestReader();
  let isProducing = false;
  let asking = Promise.resolve();
  let answering = Promise.resolve();
  const ask = async (request: Buffer): Promise<void> => {
    const isProduce = request.readInt16BE(LENGTH_BYTES) === PRODUCE;
    if (isProduce) await proxy.onProduce("before");
    if (client.destroyed || isSwallowing()) return;
    isProducing = isProduce;
    upstream.write(request);
  };
  const answer = async (chunk: Buffer): Promise<void> => {
    // Our client waits for the answer to a batch before it asks anything else.
    if (isProducing) await proxy.onProduce("after");
    isProducing = false;
    if (!client.destroyed && !isSwallowing()) client.write(chunk);
  };
  client.on("data", (chunk) => {
    for (const request of read(chunk)) asking = asking.then(() => ask(request));
  });
  upstream.on("data", (chunk) => {
    answering = answering.then(() => answer(chunk));
  });
  client.on("close", () => upstream.destroy());
  upstream.on("close", () => void answering.then(() => client.end()));
}

/** Whole requests, each after its length. */
function createRequestReader(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const requests: Buffer[] = [];
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readInt32BE(0);
      if (rest.length < end) break;
      requests.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return requests;
  };
}
