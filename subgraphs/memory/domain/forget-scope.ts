import { SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";

/** What an order to forget is about. */
export interface ForgetScope {
  scope: "MEMORY" | "SESSION" | "SUBJECT";
  /** The id of a memory or of a session, or the name of a subject. */
  target: string;
}

/** As somebody asks for it: one of these. */
export interface ForgetTarget {
  memoryId?: string | null | undefined;
  sessionId?: string | null | undefined;
  subject?: string | null | undefined;
}

const MAX_SUBJECT = 300;

/** The one thing that is to be forgotten; throws BAD_INPUT when it is none, several, or cannot be one. */
export function parseForgetScope({ memoryId, sessionId, subject }: ForgetTarget): ForgetScope {
  const named = (
    [
      ["MEMORY", memoryId],
      ["SESSION", sessionId],
      ["SUBJECT", subject],
    ] as const
  ).flatMap(([scope, target]) => (target === undefined || target === null ? [] : [{ scope, target }]));
  const [only] = named;
  if (only === undefined || named.length > 1)
    throw new SomaError("BAD_INPUT", `${named.length} of memoryId, sessionId and subject are given; say one of them`);
  if (only.scope === "SUBJECT") {
    if (only.target === "" || only.target.length > MAX_SUBJECT)
      throw new SomaError("BAD_INPUT", `subject has ${only.target.length} characters; it needs 1 to ${MAX_SUBJECT}`);
  } else if (!isId(only.target)) {
    const name = only.scope === "MEMORY" ? "memory" : "session";
    throw new SomaError("BAD_INPUT", `${name} id "${only.target.slice(0, 80)}" is not a UUID`);
  }
  return only;
}
