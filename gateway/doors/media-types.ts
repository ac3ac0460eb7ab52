import { DoorRefused } from "./answer.ts";

/** What one answer may be written as; the first is for those who do not say. */
const ANSWER_TYPES = ["application/json", "application/graphql-response+json"] as const;

export type AnswerType = (typeof ANSWER_TYPES)[number];

/** What answers are written as that come one after another; only for those who name it. */
export const EVENT_STREAM = "text/event-stream";

const MEDIA_TYPES = [...ANSWER_TYPES, EVENT_STREAM] as const;

export type MediaType = (typeof MEDIA_TYPES)[number];

/** The media type a caller likes best of those we have; throws 406 when it takes none of them. */
export function chooseMediaType(accept: string | null): MediaType {
  if (accept === null || accept.trim() === "") return MEDIA_TYPES[0];
  const ranges = accept.split(",").map(parseRange);
  let best: { type: MediaType; quality: number } | undefined;
  // The order of the header decides between equals, then ours.
  for (const range of ranges)
    for (const type of MEDIA_TYPES) {
      if (!matches(range.type, type) || qualityOf(type, ranges) === 0) continue;
      if (range.quality > (best?.quality ?? 0)) best = { type, quality: range.quality };
    }
  if (best !== undefined) return best.type;
  throw new DoorRefused(`the accept header takes neither ${ANSWER_TYPES.join(" nor ")} nor ${EVENT_STREAM}`, 406);
}

/** Throws 415 unless a body is JSON in UTF-8. A page of another site cannot send this without our consent. */
export function checkJsonBody(contentType: string | null): void {
  const [type = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice(8)
    .replaceAll('"', "");
  if (type === "application/json" && (charset === undefined || charset === "utf-8" || charset === "utf8")) return;
  throw new DoorRefused(
    `the content-type is "${(contentType ?? "").slice(0, 80)}"; it must be application/json in UTF-8`,
    415,
  );
}

interface Range {
  type: string;
  quality: number;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
  return { type, quality: Number.isNaN(quality) ? 0 : quality };
}

function matches(range: string, type: MediaType): boolean {
  return range === type || (type !== EVENT_STREAM && (range === "application/*" || range === "*/*"));
}

/** The range that names the type itself speaks for it, whatever the wider ones say. */
function qualityOf(type: MediaType, ranges: readonly Range[]): number {
  return ranges.find((range) => range.type === type)?.quality ?? 1;
}
