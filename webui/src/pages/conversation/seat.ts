import type { Place } from "../../place.ts";

/** Where messages are written: another conversation has another one, with nothing of the last one in it. */
export interface Seat {
  key: number;
  /** Undefined while it is not known which. */
  conversation: string | undefined;
}

/** Stands for the conversation that begins with what is written. */
const NEW = "";

export const FIRST_SEAT: Seat = { key: 0, conversation: undefined };

/** Which conversation a place is of. */
export function conversationOf(place: Place, sessionId: string | undefined): string | undefined {
  return place.kind === "new" ? NEW : sessionId;
}

/** The seat at a conversation, after the one before it. A new conversation keeps its own when its first message has begun a session. */
export function nextSeat(
  before: Seat,
  conversation: string | undefined,
  begun: { seat: number; sessionId: string } | undefined,
): Seat {
  if (conversation === undefined || conversation === before.conversation) return before;
  const isIts = before.conversation === NEW && begun?.seat === before.key && begun.sessionId === conversation;
  return { key: before.conversation === undefined || isIts ? before.key : before.key + 1, conversation };
}
