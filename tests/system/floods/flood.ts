/**
 * One caller that takes all it can get, in a process of its own, until it is ended. Prints a line when it was first given
 * what it takes: a flood that is refused from the beginning shows nothing.
 *   node flood.ts <kind> <url of the product> <its token> <id of a run>
 */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type RawData, WebSocket } from "ws";

const [kind = "", url = "", token = "", runId = ""] = process.argv.slice(2);
const AT_ONCE = 60;
const socketUrl = `${url.replace(/^http/, "ws")}/graphql`;

let taking = false;
function took(): void {
  if (!taking) console.log("taking");
  taking = true;
}

async function ask(query: string): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) });
  const { data, errors } = (await response.json()) as { data?: object | null; errors?: unknown };
  if (data != null && errors === undefined) took();
}

/** Many at once, each as soon as the one before it is over. */
async function askForEver(query: () => string): Promise<void> {
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (;;) await ask(query()).catch(() => sleep(10));
    }),
  );
}

/** Keeps as many sockets open as it is let; each that is closed is opened again. */
async function openForEver(
  count: number,
  open: () => { once(event: "close", listener: () => void): unknown },
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (;;) {
        const socket = open();
        await new Promise<void>((resolve) => socket.once("close", resolve));
        await sleep(20);
      }
    }),
  );
}

function openSocket(then: (socket: WebSocket) => void): WebSocket {
  const socket = new WebSocket(socketUrl, "graphql-transport-ws");
  socket.on("error", () => {});
  socket.on("open", () => then(socket));
  return socket;
}

function introduce(socket: WebSocket, then: () => void): void {
  socket.once("message", (message) => {
    if (typeOf(message) === "connection_ack") then();
  });
  socket.send(JSON.stringify({ type: "connection_init", payload: { token } }));
}

function typeOf(message: RawData): string {
  return (JSON.parse(String(message)) as { type: string }).type;
}

function subscribeOften(socket: WebSocket): void {
  socket.on("message", (message) => {
    if (typeOf(message) === "next") took();
  });
  const query = `subscription { runEvents(runId: "${runId}") { __typename } }`;
  for (let id = 0; id < 32; id += 1)
    socket.send(JSON.stringify({ id: `${id}`, type: "subscribe", payload: { query } }));
}

function pingUnread(socket: WebSocket): void {
  socket.pause();
  const text = JSON.stringify({ type: "ping", payload: { text: "x".repeat(60_000) } });
  const more = (): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(text, more);
  };
  took();
  for (let begun = 0; begun < 8; begun += 1) more();
}

function openTcp(text: string) {
  const socket = connect(Number(new URL(url).port), new URL(url).hostname, () => {
    socket.write(text);
    took();
  });
  socket.on("error", () => {});
  // Without it the end of the connection would not be heard.
  socket.resume();
  return socket;
}

const LISTS =
  "{ runs(first: 15) { nodes { id memories(first: 100) { nodes { content } } steps(first: 100) { nodes { id summary } } } } }";
const newDocument = (): string =>
  `{ ${Array.from({ length: 15 }, (_, index) => `a${index}: runs(first: 1) { nodes { x${randomUUID().slice(0, 8)}: id memories { nodes { id run { id } } } invocations { nodes { id } } } }`).join(" ")} }`;
const fiveRuns = (): string =>
  `mutation { ${Array.from({ length: 5 }, (_, index) => `m${index}: sendMessage(input: { text: "hello", idempotencyKey: "${randomUUID()}" }) { run { id } }`).join(" ")} }`;

const FLOODS: Record<string, () => Promise<void>> = {
  "the dearest queries": () => askForEver(() => LISTS),
  "new documents": () => askForEver(newDocument),
  mutations: () => askForEver(fiveRuns),
  subscriptions: () => openForEver(300, () => openSocket((socket) => introduce(socket, () => subscribeOften(socket)))),
  connections: () => openForEver(2_000, () => openSocket((socket) => introduce(socket, took))),
  "connections without a token": () => openForEver(2_000, () => openSocket(took)),
  "pings whose answers it leaves unread": () =>
    openForEver(200, () => openSocket((socket) => introduce(socket, () => pingUnread(socket)))),
  "requests that never end": () =>
    openForEver(2_000, () => openTcp("POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n")),
};

export const KINDS = Object.keys(FLOODS);

if (import.meta.main) {
  const flood = FLOODS[kind];
  if (flood === undefined) throw new Error(`"${kind}" is none of ${KINDS.join(", ")}`);
  await flood();
}
