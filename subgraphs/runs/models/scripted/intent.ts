/** One thing a message asks for, as the rules read it. */
export type Intent =
  | { kind: "calculate"; expression: string }
  /** `timeZone` is null when none was named; `place` is what was named and has no zone we know. */
  | { kind: "time"; timeZone: string | null; place: string | null }
  /** `clause` when it was said as "that ...". */
  | { kind: "remember"; text: string; clause: boolean }
  /** A question that memory may answer. */
  | { kind: "ask"; question: string }
  /** Everything that is known about something; null means everything about the user. */
  | { kind: "tellAbout"; about: string | null }
  | { kind: "fetch"; url: string }
  | { kind: "note"; text: string }
  | { kind: "code"; code: string }
  | { kind: "greeting" }
  | { kind: "thanks" }
  | { kind: "help" }
  | { kind: "unknown"; text: string };
