import { findPackageJSON } from "node:module";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { SomaError } from "@soma/shared/errors";

/**
 * What a package of the AI SDK is given to make its models: names as the package has them, such as apiKey, baseURL,
 * region.
 */
type FactoryOptions = Readonly<Record<string, unknown>> & { fetch: typeof fetch };

/** A model object of a package, for one call. */
export type MakeModel = (model: string, options: FactoryOptions) => LanguageModelV4;

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
export async function loadPackage(name: string): Promise<MakeModel> {
  const loaded = (await import(name)) as Readonly<Record<string, unknown>>;
  const create = Object.entries(loaded).find(([key, value]) => /^create[A-Z]/.test(key) && typeof value === "function");
  if (create === undefined) throw unfit(name, "exports no function createSomething");
  return (model, options) => {
    const provider = (create[1] as (options: FactoryOptions) => { languageModel?: (id: string) => LanguageModelV4 })(
      options,
    );
    const made = provider.languageModel?.(model);
    if (made === undefined || typeof made.doStream !== "function") throw unfit(name, "makes no language models");
    if (!VERSIONS.has(made.specificationVersion)) throw unfit(name, `speaks version ${made.specificationVersion}`);
    return made;
  };
}

function unfit(name: string, why: string): SomaError {
  return new SomaError("MODEL_REFUSED", `the package ${name} is none of the AI SDK that is understood: it ${why}`);
}
