import type { HistoryEvent } from "../domain/history.ts";
import type { StreamStatus } from "../engine/streams.ts";

export interface StreamStartFrame {
  __typename: "StreamStart";
  stream: string;
  seq: number;
  tool: string | null;
  callId: string;
  contentType: string;
}
export interface StreamDataFrame {
  __typename: "StreamData";
  stream: string;
  seq: number;
  data: string;
}
export interface StreamEndFrame {
  __typename: "StreamEnd";
  stream: string;
  seq: number;
  status: StreamStatus;
  bytes: number;
  sha256: string;
}

/** The typed form of a STREAM_ event; null for the others. */
export function toStreamFrame({
  kind,
  payload,
}: HistoryEvent): StreamStartFrame | StreamDataFrame | StreamEndFrame | null {
  const at = { stream: String(payload.stream), seq: Number(payload.seq) };
  if (kind === "STREAM_DATA") return { __typename: "StreamData", ...at, data: String(payload.data) };
  if (kind === "STREAM_START") {
    return {
      __typename: "StreamStart",
      ...at,
      tool: typeof payload.tool === "string" ? payload.tool : null,
      callId: String(payload.call_id),
      contentType: String(payload.content_type),
    };
  }
  if (kind !== "STREAM_END") return null;
  return {
    __typename: "StreamEnd",
    ...at,
    status: payload.status as StreamStatus,
    bytes: Number(payload.bytes),
    sha256: String(payload.sha256),
  };
}
