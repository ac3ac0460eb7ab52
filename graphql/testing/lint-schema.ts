import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** What we use of graphql-schema-linter, which comes without types. */
interface SchemaLinter {
  configuration: { Configuration: new (schema: Schema, options: LinterOptions) => Configuration };
  validator: {
    validateSchemaDefinition(schema: Schema, rules: readonly unknown[], configuration: Configuration): Finding[];
  };
}
interface Schema {
  definition: string;
  sourceMap: { getOriginalPathForLine(line: number): string };
}
interface Configuration {
  getRules(): unknown[];
  /** Faults of the options, such as the name of a rule that does not exist. */
  validate(): { message: string }[];
}
interface Finding {
  message: string;
  ruleName: string;
  locations: { line: number }[];
}

interface LinterOptions {
  rules: string[];
  /** Members of the schema that a rule leaves out, by rule. */
  ignore: Record<string, string[]>;
}

const require = createRequire(import.meta.url);
const linter = require("graphql-schema-linter") as SchemaLinter;

export async function readLinterOptions(): Promise<LinterOptions> {
  return JSON.parse(await readFile(new URL("../schema-linter.json", import.meta.url), "utf8")) as LinterOptions;
}

/** What graphql-schema-linter says to a schema under graphql/schema-linter.json, a line each: rule, line, sentence. */
export async function lintSchema(sdl: string): Promise<string[]> {
  const schema = { definition: sdl, sourceMap: { getOriginalPathForLine: () => "schema.graphql" } };
  const configuration = new linter.configuration.Configuration(schema, await readLinterOptions());
  const [fault] = configuration.validate();
  if (fault !== undefined) throw new Error(`graphql/schema-linter.json: ${fault.message}`);
  return linter.validator
    .validateSchemaDefinition(schema, configuration.getRules(), configuration)
    .map(({ ruleName, message, locations: [at] }) => `${ruleName}, line ${at?.line}: ${message}`);
}
