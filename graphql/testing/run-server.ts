import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { CHAIN_START, chainText, payloadText, webSha256 } from "@soma/schemas/run-chain";
import { GraphQLError, parse } from "graphql";
import { makeServer } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { RunEvent, RunFrame } from "../run-view.ts";

export const RUN_ID = "01920000-0000-7000-8000-000000000001";

/** A history whose hashes fit. */
export async function makeHistory(count: number): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const payload = { text: `event\u2028${seq}`, nested: { b: 2, a: [1, null] } };
    const at = new Date(1_700_000_000_000 + seq).toISOString();
    const event = {
      runId: RUN_ID,
      seq,
      at,
      type: "STREAM_DATA" as const,
      stepId: `${RUN_ID}.1`,
      nodeId: "model",
      attempt: 1,
      payloadHash: await webSha256(payloadText(payload)),
    };
    const hash = await webSha256(chainText(RUN_ID, events.at(-1)?.hash ?? CHAIN_START, event));
    events.push({ ...event, stepNumber: 1, nodeType: "model", payload, hash });
  }
  return events;
}

export const batch = (events: readonly RunEvent[]): RunFrame => ({
  __typename: "RunBatch",
  firstSeq: events[0]?.seq ?? 0,
  lastSeq: events.at(-1)?.seq ?? 0,
  prevHash: CHAIN_START,
  events: [...events],
});
export const heartbeat = (events: readonly RunEvent[]): RunFrame => ({
  __typename: "RunHeartbeat",
  headSeq: events.length,
  headHash: events.at(-1)?.hash ?? CHAIN_START,
  serverTime: new Date().toISOString(),
});
export const end = (events: readonly RunEvent[]): RunFrame => ({
  __typename: "RunEnd",
  status: "SUCCEEDED",
  headSeq: events.length,
  headHash: events.at(-1)?.hash ?? CHAIN_START,
});

/**
 * What one connection does: sends frames, then "drop" cuts it, "bye" closes it with 1000, "refuse" with 4401, "hang" says nothing more, an
 * error ends the operation.
 */
type Step = RunFrame | "drop" | "bye" | "refuse" | "hang" | GraphQLError;
export type Script = (params: { afterSeq: number; attempt: number }) => Iterable<Step> | AsyncIterable<Step>;

export interface RunServer {
  url: string;
  /** Cursor of each subscription that came. */
  asked: number[];
  /** Tokens that connections brought. */
  tokens: unknown[];
  /** Subscriptions that are open. */
  open(): number;
  close(): Promise<void>;
}

export interface RunServerOptions {
  /** Close code for every connection that introduces itself. */
  refuseWith?: number;
  /** Connections never get an answer to their introduction. */
  mute?: boolean;
}

/** A server that answers runEvents by a script, on real sockets. */
export async function startRunServer(script: Script, options: RunServerOptions = {}): Promise<RunServer> {
  const asked: number[] = [];
  const tokens: unknown[] = [];
  let open = 0;
  const server = makeServer<{ token?: string }, WebSocket>({
    onConnect({ connectionParams, extra }) {
      tokens.push(connectionParams?.token);
      if (options.mute === true) return new Promise<boolean>(() => {});
      if (options.refuseWith !== undefined) extra.close(options.refuseWith, "refused");
      return options.refuseWith === undefined;
    },
    onSubscribe: (context, _id, { variables }) => {
      const afterSeq = (variables as { afterSeq: number }).afterSeq;
      asked.push(afterSeq);
      const contextValue = { steps: script({ afterSeq, attempt: asked.length }), socket: context.extra };
      return { schema: {} as never, document: parse("subscription { runEvents }"), contextValue };
    },
    async *subscribe({ contextValue }: { contextValue?: unknown }) {
      const { steps, socket } = contextValue as { steps: Iterable<Step>; socket: WebSocket };
      open += 1;
      try {
        for await (const step of steps) {
          if (step instanceof GraphQLError) throw step;
          if (step === "drop") socket.terminate();
          else if (step === "refuse") socket.close(4401, "the token has expired");
          else if (step === "bye") socket.close(1000);
          else if (step === "hang") await once(socket, "close");
          else yield { data: { runEvents: step } };
        }
      } finally {
        open -= 1;
      }
    },
    onError: (_context, _id, _payload, errors) =>
      errors.map((error) => (error.originalError as GraphQLError | undefined)?.toJSON() ?? error.toJSON()),
  });
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
  await once(sockets, "listening");
  sockets.on("connection", (socket) => {
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (text) => new Promise((resolve) => socket.send(text, () => resolve())),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (listener) =>
          void socket.on("message", (data) => void listener(String(data)).catch(() => socket.terminate())),
      },
      socket,
    );
    socket.once("close", (code) => void closed(code));
  });
  return {
    url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/graphql`,
    asked,
    tokens,
    open: () => open,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await once(sockets, "close");
    },
  };
}
