import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describeFaults } from "@soma/schemas/describe-fault";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Static, TSchema } from "typebox";
import { parse, parseAllDocuments, YAMLParseError } from "yaml";

/** The folder of this package. */
export const SHIPPED_CONF = new URL("./", import.meta.url);

/** The folder a setting names; empty is the one that ships. */
export function confFolder(setting: string): URL {
  return setting === "" ? SHIPPED_CONF : pathToFileURL(`${setting}/`);
}

/** A file of settings by its schema; throws with every fault of the file at once. */
export function readConf<S extends TSchema>(file: URL, schema: S): Static<S> {
  const value = readYaml(file);
  refuse(file.pathname, faultsOf(schema, value, "the file"));
  return value as Static<S>;
}

/** What a file of YAML holds; throws with the place when it is none. */
export function readYaml(file: URL): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    // Its message goes on with the line itself, which may hold anything.
    throw toError(file.pathname, [error.message.split("\n")[0] ?? "it is no YAML"]);
  }
}

/** What a stream of documents holds, such as the manifests of a chart; those with nothing in them are left out. */
export function parseYamlStream(text: string): unknown[] {
  const values: unknown[] = [];
  for (const document of parseAllDocuments(text)) {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const value: unknown = document.toJS();
    if (value !== null) values.push(value);
  }
  return values;
}

/** Keeps what it has compiled, by the schema: half a second of a start, when each part reads the same files. */
const ajv = new Ajv2020({ allErrors: true });

/** What is wrong with a value, as sentences; empty when it fits. Schemas are to be kept by who has them, or they pile up here. */
export function faultsOf(schema: TSchema, value: unknown, whole: string): string[] {
  const validate = ajv.compile(schema);
  return validate(value) ? [] : describeFaults(validate.errors, whole);
}

/** Throws when there are faults, with all of them. */
export function refuse(file: string, faults: readonly string[]): void {
  if (faults.length > 0) throw toError(file, faults);
}

function toError(file: string, faults: readonly string[]): Error {
  return new Error(`${file} has faults:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
}
