import { SomaError } from "@soma/shared/errors";

/** Milliseconds a peer may take: longer than its database may, so that what is heard is the peer's own reason. */
export const PEER_MS = 20_000;

/** An answer that may be asked for again: a peer that says nothing in time is away like one that cannot be reached. */
export async function heard<R>(answer: Promise<R>): Promise<R> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof SomaError) || error.code !== "TIMEOUT") throw error;
    throw new SomaError("UNAVAILABLE", error.message, { cause: error });
  }
}
