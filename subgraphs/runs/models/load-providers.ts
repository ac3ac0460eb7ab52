import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import type { ProviderSettings } from "@soma/conf/models";
import type { Provider } from "./provider.ts";

export type Providers = ReadonlyMap<string, Provider>;

/** Every provider that ships: each folder here that has a `provider.ts`. */
export async function loadProviders(): Promise<Providers> {
  const here = new URL("./", import.meta.url);
  const entries = await readdir(here, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => new URL(`${name}/provider.ts`, here))
    .filter((file) => existsSync(file));
  const modules = await Promise.all(files.map((file) => import(file.href) as Promise<{ default: Provider }>));
  return new Map(modules.map(({ default: provider }) => [provider.name, provider]));
}

/** A provider's name as the API has it, such as OPENAI_COMPATIBLE; the schema's enum is made of these. */
export function toProviderEnum(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}

/** The schemas that profiles of models.yaml are checked by. */
export function settingsOf(providers: Providers): ProviderSettings {
  return Object.fromEntries([...providers].map(([name, { settings }]) => [name, settings]));
}
