import { isRecord } from "@soma/schemas/json";
import type { JsonOutput } from "@soma/sdk/model-client";
import { BadRequest } from "./wire-messages.ts";

/** What an answer is held to, checked as strictly as OpenAI does; `format` holds name and schema. */
export function parseOutput(format: unknown): JsonOutput | undefined {
  if (!isRecord(format)) return undefined;
  const { name, schema, strict } = format;
  if (typeof name !== "string" || !/^[a-zA-Z0-9_-]{1,64}$/.test(name))
    throw new BadRequest("Invalid 'response_format': expected a name of letters, digits, _ and -.");
  if (!isRecord(schema) || schema.type !== "object")
    throw new BadRequest(`Invalid schema for response_format '${name}': schema must be of type object.`);
  if (strict === true) checkStrict(schema, name);
  return { name, schema };
}

function checkStrict(schema: unknown, name: string): void {
  if (!isRecord(schema)) return;
  const { type, properties = {}, required = [], additionalProperties, items } = schema;
  const names = isRecord(properties) ? Object.keys(properties) : [];
  const isWhole = additionalProperties === false && names.every((each) => (required as string[]).includes(each));
  if (type === "object" && !isWhole)
    throw new BadRequest(`Invalid schema for response_format '${name}': all properties must be required.`);
  for (const inside of [...Object.values(properties as object), items]) checkStrict(inside, name);
}
