import {
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from "graphql";

/** A field, an argument or a value of a type, as the explorer tells it. */
export interface DocLine {
  name: string;
  /** As it is written; empty of a value of an enum. */
  type: string;
  /** The type it leads to. */
  leadsTo: string | undefined;
  args: DocLine[];
  description: string;
  deprecated: string;
}

export interface DocType {
  name: string;
  description: string;
  /** Such as "type" or "input", as the schema writes it. */
  kind: string;
  lines: DocLine[];
  /** Types that it may be, or that it is one of. */
  related: string[];
}

interface Described {
  name: string;
  description?: string | null | undefined;
  deprecationReason?: string | null | undefined;
}

function lineOf(given: Described & { type?: GraphQLType }, args: readonly GraphQLArgument[] = []): DocLine {
  const { name, description, deprecationReason, type } = given;
  return {
    name,
    type: type === undefined ? "" : String(type),
    leadsTo: type === undefined ? undefined : getNamedType(type).name,
    args: args.map((arg) => lineOf(arg)),
    description: description ?? "",
    deprecated: deprecationReason ?? "",
  };
}

/** What a schema says of a type; undefined when it has none of that name. */
export function describeType(schema: GraphQLSchema, name: string): DocType | undefined {
  const type = schema.getType(name);
  if (type === undefined) return undefined;
  const parents = isObjectType(type) || isInterfaceType(type) ? type.getInterfaces() : [];
  const related = [...parents, ...(isAbstractType(type) ? schema.getPossibleTypes(type) : [])];
  return {
    ...{ name, lines: linesOf(type), description: type.description ?? "", kind: kindOf(type) },
    related: related.map((each) => each.name),
  };
}

function linesOf(type: GraphQLNamedType): DocLine[] {
  if (isEnumType(type)) return type.getValues().map((value) => lineOf(value));
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => lineOf(field));
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).map((field) => lineOf(field, field.args));
}

function kindOf(type: GraphQLNamedType): string {
  if (isEnumType(type)) return "enum";
  if (isInputObjectType(type)) return "input";
  if (isInterfaceType(type)) return "interface";
  if (isAbstractType(type)) return "union";
  return isObjectType(type) ? "type" : "scalar";
}

/** The types that begin it all. */
export function rootsOf(schema: GraphQLSchema): string[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    type == null ? [] : [type.name],
  );
}

export interface Found {
  /** The type, and the field of it. */
  words: string;
  type: string;
}

const MOST_FOUND = 40;

/** Types and fields whose names have a text in them, types first. */
export function searchSchema(schema: GraphQLSchema, text: string): Found[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  const isWanted = (name: string): boolean => name.toLowerCase().includes(wanted);
  const named = types.filter(({ name }) => isWanted(name)).map(({ name }) => ({ words: name, type: name }));
  const fields = types.flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
      ? Object.keys(type.getFields())
          .filter(isWanted)
          .map((field) => ({ words: `${type.name}.${field}`, type: type.name }))
      : [],
  );
  return [...named, ...fields].slice(0, MOST_FOUND);
}
