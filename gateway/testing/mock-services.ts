import { readdir } from "node:fs/promises";
import { createSubgraphSchema } from "@soma/shared/graphql/subgraph-schema";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import {
  execute,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isListType,
  parse,
} from "graphql";
import type { Send, SubgraphAnswer } from "../upstream/send.ts";

const subgraphs = new URL("../../subgraphs/", import.meta.url);

/** Executable schemas of the product's subgraphs, by name; what resolves them is up to the caller. */
async function readServices(): Promise<Map<string, GraphQLSchema>> {
  const names = await readdir(subgraphs);
  const services = new Map<string, GraphQLSchema>();
  for (const name of names) {
    const sdl = await readTypeDefs(new URL(`${name}/api/`, subgraphs)).catch(() => "");
    if (sdl !== "") services.set(name, createSubgraphSchema(sdl));
  }
  return services;
}

export interface MockServices {
  urls: Record<string, string>;
  send: Send;
  /** How a service answers from now on; undefined lets it answer as it should. */
  fail(name: string, how: (() => Promise<SubgraphAnswer>) | undefined): void;
}

/**
 * Stands for every subgraph of the product, behind the port of their requests: each has two of everything that is listed, and
 * each text of it is its own name.
 */
export async function createMockServices(): Promise<MockServices> {
  const services = await readServices();
  const failing = new Map<string, () => Promise<SubgraphAnswer>>();
  return {
    urls: Object.fromEntries([...services.keys()].map((name) => [name, `http://${name}.test/graphql`])),
    fail(name, how) {
      if (how === undefined) failing.delete(name);
      else failing.set(name, how);
    },
    async send({ url, body = "", signal }) {
      const name = new URL(url).hostname.replace(".test", "");
      const schema = services.get(name);
      if (schema === undefined) throw new Error(`there is no service ${name}`);
      const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
      const result = execute({
        schema,
        document: parse(query),
        variableValues: variables,
        rootValue: {},
        fieldResolver: resolverOf(name, schema),
        typeResolver: (value) => (value as { __typename: string }).__typename,
      });
      const failed = failing.get(name)?.();
      return failed === undefined ? jsonAnswer(await result) : Promise.race([failed, abortOf(signal)]);
    },
  };
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

/** An answer of a service that is well. */
export function jsonAnswer(value: unknown, status = 200, headers: Record<string, string> = {}): SubgraphAnswer {
  const all: Record<string, string> = { "content-type": "application/json", ...headers };
  return { status, header: (name) => all[name], body: typeof value === "string" ? value : JSON.stringify(value) };
}

function resolverOf(service: string, schema: GraphQLSchema): GraphQLFieldResolver<unknown, unknown> {
  return (source, args, _context, { fieldName, returnType }) => {
    if (fieldName === "_entities") return (args as { representations: unknown[] }).representations;
    const known = (source as Record<string, unknown>)[fieldName];
    return known ?? mockOf(service, schema, returnType);
  };
}

function mockOf(service: string, schema: GraphQLSchema, type: GraphQLOutputType): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [1, 2].map(() => mockOf(service, schema, nullable.ofType));
  return namedValue(service, schema, getNamedType(nullable));
}

function namedValue(service: string, schema: GraphQLSchema, type: GraphQLNamedType): unknown {
  if (isEnumType(type)) return type.getValues()[0]?.value;
  if (type.name === "Int" || type.name === "Float") return 1;
  if (type.name === "Boolean") return true;
  if (type.name === "ID" || type.name === "String" || type.name === "JSON" || type.name === "DateTime") return service;
  if ("getTypes" in type || "resolveType" in type) {
    const [first] = schema.getPossibleTypes(type as never);
    return { __typename: first?.name };
  }
  return { __typename: type.name };
}
