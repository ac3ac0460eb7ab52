import type { Embedded, EmbeddingClient } from "./embedding-client.ts";
import type { NodeSpec, RunInfo } from "./node.ts";
import { StepError } from "./step-error.ts";

/** Texts of one step: as many vectors stand in the history of its run. */
const MAX_TEXTS = 1_000;

export interface EmbedOptions<S> {
  /** Which profile of models.yaml makes them; left out, the one it names for that. */
  profile?: string;
  texts(state: S, run: RunInfo): readonly string[];
  /** What the vectors, one for each text in their order, change in the state. */
  into(vectors: number[][], state: S): Partial<S>;
}

/**
 * A node that has a model make vectors of texts, to compare what they mean. They are kept with its result: what a run
 * goes on with, or is replayed with, is never made anew.
 *
 *   .node("embed", embed({ texts: (s) => [s.question, ...s.notes], into: (vectors) => ({ vectors }) }))
 */
export function embed<S>({ profile, texts, into }: EmbedOptions<S>): NodeSpec<S> {
  return {
    type: "embedding",
    retry: { maxAttempts: 4, initialMs: 300, maxMs: 60_000, withinMs: 300_000 },
    summary: () => "Making vectors",
    inputSummary: (state, run) => `${checked(texts(state, run)).length} texts`,
    async run(state, { services, signal, run }) {
      const asked = checked(texts(state, run));
      const client = await services.embeddings(profile);
      const made = asked.length === 0 ? { vectors: [], usage: null } : await client.embed(asked, signal);
      const told = `${made.vectors.length} vectors of ${client.dimensions} numbers`;
      return {
        patch: into(made.vectors, state),
        summary: `Made ${told} with ${client.profile} (${client.model})`,
        outputSummary: told,
        output: toOutput(client, made),
      };
    },
  };
}

function checked(texts: readonly string[]): readonly string[] {
  if (texts.length > MAX_TEXTS)
    throw new StepError("STEP_REFUSED", `a step makes vectors of ${MAX_TEXTS} texts at most, not of ${texts.length}`);
  const blank = texts.findIndex((text) => text.trim() === "");
  if (blank >= 0) throw new StepError("STEP_REFUSED", `text ${blank + 1} of ${texts.length} is empty`);
  return texts;
}

function toOutput({ profile, provider, model, isAi, dimensions }: EmbeddingClient, { vectors, usage }: Embedded) {
  return { profile, provider, model, isAi, vectors: vectors.length, dimensions, ...(usage && { usage: { ...usage } }) };
}
