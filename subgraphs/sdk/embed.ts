import type { Embedded, EmbeddingClient } from "./embedding-client.ts";
import type { NodeSpec, RunInfo } from "./node.ts";
import { StepError } from "./step-error.ts";

/** Texts of a step where its model does not say: as many as a profile may give. */
const MAX_TEXTS = 1_000;
/** Bytes of them together: servers bound the tokens of a request, at three hundred thousand the widest. */
const MAX_BYTES = 200_000;
/** Numbers of the vectors together: with some 20 bytes each as JSON they fit a state as it is bounded at first; what it holds already counts there too. */
const MAX_NUMBERS = 160_000;

const MORE = "make more steps of them, as by map()";

export interface EmbedOptions<S> {
  /** Which profile of models.yaml makes them; left out, the one it names for that. */
  profile?: string;
  texts(state: S, run: RunInfo): readonly string[];
  /** What the vectors, one for each text in their order, change in the state. */
  into(vectors: number[][], state: S): Partial<S>;
}

/**
 * A node that has a model make vectors of texts, to compare what they mean, by one request: what it made is kept with
 * its result, so that a run which goes on, or is replayed, never pays for it again. More texts are more steps, as
 * `map()` makes them.
 *
 *   .node("embed", embed({ texts: (s) => [s.question, ...s.notes], into: (vectors) => ({ vectors }) }))
 */
export function embed<S>({ profile, texts, into }: EmbedOptions<S>): NodeSpec<S> {
  return {
    type: "embedding",
    retry: { maxAttempts: 4, initialMs: 300, maxMs: 60_000, withinMs: 300_000 },
    summary: () => "Making vectors",
    inputSummary: (state, run) => `${texts(state, run).length} texts`,
    async run(state, { services, signal, run }) {
      const asked = texts(state, run);
      const client = await services.embeddings(profile);
      const fault = faultOf(client, asked);
      if (fault !== undefined) throw new StepError("STEP_REFUSED", fault);
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

/** Why no model is asked; a text that is long by itself is the model's matter. */
function faultOf(client: EmbeddingClient, texts: readonly string[]): string | undefined {
  const { profile, mostTexts = MAX_TEXTS, dimensions } = client;
  const blank = texts.findIndex((text) => text.trim() === "");
  if (blank >= 0) return `text ${blank + 1} of ${texts.length} is empty`;
  if (texts.length > mostTexts)
    return `a step has ${profile} make vectors of ${mostTexts} texts at most, not of ${texts.length}; ${MORE}`;
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (texts.length > 1 && bytes > MAX_BYTES)
    return `the texts of a step come to ${MAX_BYTES} bytes at most, not to ${bytes}; ${MORE}`;
  const numbers = texts.length * dimensions;
  if (numbers > MAX_NUMBERS)
    return `${texts.length} vectors of ${dimensions} numbers are ${numbers}, and a step has ${MAX_NUMBERS} at most; ${MORE}`;
  return undefined;
}

function toOutput({ profile, provider, model, isAi, dimensions }: EmbeddingClient, { vectors, usage }: Embedded) {
  return { profile, provider, model, isAi, vectors: vectors.length, dimensions, ...(usage && { usage: { ...usage } }) };
}
