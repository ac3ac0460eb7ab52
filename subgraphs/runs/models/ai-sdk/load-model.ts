import { findPackageJSON } from "node:module";
import type { EmbeddingModelV4, LanguageModelV4 } from "@ai-sdk/provider";
import { SomaError } from "@soma/shared/errors";

/**
 * What a package of the AI SDK is given to make its models: names as the package has them, such as apiKey, baseURL,
 * region.
 */
type FactoryOptions = Readonly<Record<string, unknown>> & { fetch: typeof fetch };

/** A model object of a package, for one call. */
export type MakeModel<M> = (model: string, options: FactoryOptions) => M;

/** Kinds of models that are used, by what they are asked with. */
interface Kinds {
  doStream: LanguageModelV4;
  doEmbed: EmbeddingModelV4;
}

/** How providers call what makes them, the newest name first, and what people call them. */
const KINDS = {
  doStream: { makers: ["languageModel"], name: "language models" },
  doEmbed: { makers: ["embeddingModel", "textEmbeddingModel"], name: "embeddings" },
} as const;

/**
 * Versions of the contract between the AI SDK and its packages that are understood; they differ in nothing that is read
 * here.
 */
const VERSIONS: ReadonlySet<unknown> = new Set(["v2", "v3", "v4"]);

/** Whether a package is installed; its code is not loaded for that. */
export function isInstalled(name: string): boolean {
  try {
    return findPackageJSON(name, import.meta.url) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Loads a package when it is first needed: some take tenths of a second. Every one exports a function createSomething.
 */
export async function loadPackage<K extends keyof Kinds>(name: string, kind: K): Promise<MakeModel<Kinds[K]>> {
  const loaded = (await import(name)) as Readonly<Record<string, unknown>>;
  const create = Object.entries(loaded).find(([key, value]) => /^create[A-Z]/.test(key) && typeof value === "function");
  if (create === undefined) throw unfit(name, "exports no function createSomething");
  const { makers, name: what } = KINDS[kind];
  return (model, options) => {
    const provider = (create[1] as (options: FactoryOptions) => Record<string, unknown>)(options);
    const maker = makers.map((each) => provider[each]).find((each) => typeof each === "function");
    const made = madeBy<Kinds[K]>(maker as ((id: string) => Kinds[K]) | undefined, model);
    if (made === undefined || !(kind in made)) throw unfit(name, `makes no ${what}`);
    if (!VERSIONS.has(made.specificationVersion)) throw unfit(name, `speaks version ${made.specificationVersion}`);
    return made;
  };
}

/** A provider that has no models of a kind throws when it is asked for one. */
function madeBy<M>(maker: ((id: string) => M) | undefined, model: string): M | undefined {
  try {
    return maker?.(model);
  } catch (error) {
    if (error instanceof Error && error.name === "AI_NoSuchModelError") return undefined;
    throw error;
  }
}

function unfit(name: string, why: string): SomaError {
  return new SomaError("MODEL_REFUSED", `the package ${name} is none of the AI SDK that is understood: it ${why}`);
}
