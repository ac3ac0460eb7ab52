import type { StreamFramePayload, StreamStatus } from "@soma/schemas/run-history";

/** The typed form of a frame, as GraphQL clients see it. */
export type StreamFrame = StreamStartFrame | StreamDataFrame | StreamEndFrame;

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

/** A frame of the wire format as clients see it. */
export function toGraphqlFrame(frame: StreamFramePayload): StreamFrame {
  const { stream, seq } = frame;
  if ("data" in frame) return { __typename: "StreamData", stream, seq, data: frame.data };
  if (frame.delim === "start") {
    const { tool, call_id: callId, content_type: contentType } = frame;
    return { __typename: "StreamStart", stream, seq, tool, callId, contentType };
  }
  return { __typename: "StreamEnd", stream, seq, status: frame.status, bytes: frame.bytes, sha256: frame.sha256 };
}

/** The way back: what another subgraph answered, as it stands in a history. */
export function fromGraphqlFrame(frame: StreamFrame): StreamFramePayload {
  const { stream, seq } = frame;
  if (frame.__typename === "StreamData") return { stream, seq, data: frame.data };
  if (frame.__typename === "StreamStart") {
    const { tool, callId, contentType } = frame;
    return { delim: "start", stream, seq, tool, call_id: callId, content_type: contentType };
  }
  return { delim: "end", stream, seq, status: frame.status, bytes: frame.bytes, sha256: frame.sha256 };
}
