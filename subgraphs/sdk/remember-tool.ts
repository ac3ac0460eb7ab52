/** Characters of a fact. */
export const MAX_FACT_LENGTH = 2_000;

/**
 * The call by which a model keeps a fact. Models, policies and people see it among the tools, but the agent's own run carries
 * it out, as a memory: no tools service executes it.
 */
export const rememberTool = {
  name: "remember",
  version: "1",
  description: "Keep a fact about the user or the task for later conversations.",
  inputSchema: {
    type: "object",
    properties: {
      text: { type: "string", description: "The fact, as one sentence", minLength: 1, maxLength: MAX_FACT_LENGTH },
    },
    required: ["text"],
    additionalProperties: false,
  },
  risk: "low",
  /** A fact is kept once for the key of its call. */
  effect: "idempotent",
  isolation: "agent",
  /** What a worker waits for the memories to answer. */
  timeoutMs: 20_000,
  /** The fact is repeated to the model: four bytes a character at most, and a few words. */
  maxOutputBytes: 4 * MAX_FACT_LENGTH + 100,
} as const;
