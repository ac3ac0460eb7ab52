import { isRecord } from "@soma/schemas/json";
import {
  type ConstDirectiveNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  Kind,
  parse,
  print,
} from "graphql";

export const SERVICES = ["memory", "policy", "runs", "tools"] as const;

/** How far from the root everything is asked for: a field, its page, its items, what other services know of them, and theirs. */
const DEPTH = 5;

/** Who answers the fields of the supergraph: by `Type.field`, the services that do. */
export type Owners = ReadonlyMap<string, readonly string[]>;

export function readOwners(supergraphSdl: string): Owners {
  const types = parse(supergraphSdl, { noLocation: true }).definitions.filter(
    (node) => node.kind === Kind.OBJECT_TYPE_DEFINITION,
  );
  return new Map(
    types.flatMap((type) =>
      (type.fields ?? []).map((field) => {
        const own = graphsOf(field.directives, "join__field");
        return [
          `${type.name.value}.${field.name.value}`,
          own.length > 0 ? own : graphsOf(type.directives, "join__type"),
        ];
      }),
    ),
  );
}

function graphsOf(directives: readonly ConstDirectiveNode[] = [], name: string): string[] {
  return directives
    .filter((directive) => directive.name.value === name)
    .flatMap(({ arguments: args = [] }) => args.filter((argument) => argument.name.value === "graph"))
    .map(({ value }) => print(value).toLowerCase());
}

/** A document that asks for every field there is, to a depth. Objects come with their type, so that an answer can be followed. */
export function askEverything(schema: GraphQLSchema, kind: "query" | "mutation"): string {
  const root = kind === "query" ? schema.getQueryType() : schema.getMutationType();
  if (!isObjectType(root)) throw new Error(`the schema has no ${kind}`);
  return `${kind} ${select(root, DEPTH)}`;
}

function select(type: GraphQLObjectType, depth: number): string {
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    // What is in the edges of a page is in its nodes, too.
    if (isAbstractType(named) || (field.name === "edges" && "nodes" in type.getFields())) return [];
    if (!isObjectType(named)) return [field.name + argumentsFor(field)];
    return depth === 1 ? [] : [`${field.name}${argumentsFor(field)} ${select(named, depth - 1)}`];
  });
  return `{ __typename ${fields.join(" ")} }`;
}

function argumentsFor({ args }: GraphQLField<unknown, unknown>): string {
  const given = args.filter(isRequiredArgument).map(({ name, type }) => `${name}: ${literalFor(type)}`);
  return given.length === 0 ? "" : `(${given.join(", ")})`;
}

function literalFor(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalFor(type.ofType);
  if (isListType(type)) return `[${literalFor(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? "";
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(isRequiredInputField);
    return `{ ${fields.map((field) => `${field.name}: ${literalFor(field.type)}`).join(", ")} }`;
  }
  if (type.name === "Boolean") return "true";
  return type.name === "Int" ? "1" : '"1"';
}

interface Survivor {
  place: string;
  owner: string;
}

/**
 * The values of an answer that one service alone gives and that must be there while `down` is: those that are not reached
 * through one of its fields, nor stand in an object that comes from it.
 */
export function findSurvivors(data: unknown, owners: Owners, down?: string): Survivor[] {
  const homes = homesOf(owners);
  function walk(value: unknown, place: string): Survivor[] {
    if (Array.isArray(value)) return value.flatMap((item, index) => walk(item, `${place}.${index}`));
    if (!isRecord(value)) return [];
    const type = String(value.__typename);
    if (homes.get(type) === down && down !== undefined) return [];
    return Object.entries(value).flatMap(([name, inner]) => {
      const [owner, ...others] = owners.get(`${type}.${name}`) ?? [];
      if (owner === undefined || (owner === down && others.length === 0) || inner === null) return [];
      const here = `${place}.${name}`;
      if (typeof inner === "object") return walk(inner, here);
      return others.length === 0 ? [{ place: here, owner }] : [];
    });
  }
  return walk(data, "");
}

/** The service an object comes from is the one that alone gives most of it; of the roots, none. */
function homesOf(owners: Owners): Map<string, string> {
  const counts = new Map<string, Map<string, number>>();
  for (const [place, [owner, ...others]] of owners) {
    const [type = ""] = place.split(".");
    if (owner === undefined || others.length > 0 || type === "Query" || type === "Mutation") continue;
    const ofType = counts.get(type) ?? new Map<string, number>();
    counts.set(type, ofType.set(owner, (ofType.get(owner) ?? 0) + 1));
  }
  return new Map(
    [...counts].map(([type, ofType]) => [type, [...ofType].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? ""]),
  );
}
