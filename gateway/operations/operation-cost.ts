import {
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from "graphql";
import type { GatewayLimits } from "../ground/limits.ts";
import type { PlannedOperation, SupergraphExecutor } from "../upstream/supergraph.ts";
import { asDocumentFault, documentFault } from "./document-fault.ts";
import { type Fragments, findFragments } from "./document-size.ts";

/**
 * A mutation writes and starts things, and weighs this unless the schema says more; a field of an object reads one row at most.
 * Fields without fields of their own are free.
 */
export const MUTATION_WEIGHT = 10;
/** How the schema says of a field that it is dearer than what it gives back: a search reads much and shows little. */
const WEIGHT = /costs as much as (\d+) objects/i;
const SIZE_ARGUMENTS = ["first", "last", "limit"];
/** How the connections of the schema say how long a page is that nobody asked for. */
const DEFAULT_SIZE = /(\d+) when neither is given/;
/** How a list says what it holds that nobody can ask the size of: not so many kilobytes, so many of them. */
const MOST = /\bat most (\d+)\b(?!\s*(?:[kmg]?i?b|bytes|characters)\b)/i;
/** Lists of the introspection have no pages: fields of a type, arguments of a field, values of an enum. */
const INTROSPECTION_SIZE = 5;

/** The schema, and by which fields the subgraphs know its objects. */
type Graph = Pick<SupergraphExecutor, "schema" | "keys">;

/** What a walk through an operation needs and finds. */
interface Walk extends Graph {
  fragments: Fragments;
  variables: Record<string, unknown>;
  limits: GatewayLimits;
  cost: number;
  /** What of it is mutations. */
  mutations: number;
  /** Whether objects are read that stand for themselves, below the one that the root field gives. */
  readsOthers: boolean;
  /** The field that costs most by itself. */
  worst: { path: string; cost: number };
}

export interface OperationCost {
  /** Objects that may be read, those of the introspection included. */
  reads: number;
  /** What its mutations weigh: each of them is sure to be done. */
  mutations: number;
  /** Whether other objects are read than those its root fields give, with what belongs to them alone. */
  readsOthers: boolean;
}

interface Place {
  type: GraphQLNamedType | undefined;
  /** How many objects of the type there may be. */
  count: number;
  /** How long the lists in it are; undefined where nothing says so. */
  size: number | undefined;
  path: string;
}

/**
 * Refuses an operation that may read more objects than an honest one: each list multiplies what is below it by its page size,
 * as its arguments say or as the schema's description does. It is the most the operation may read, not what it will.
 * Introspection has a limit of its own.
 */
export function checkCost(
  graph: Graph,
  { document, operation }: Pick<PlannedOperation, "document" | "operation">,
  variables: Record<string, unknown>,
  limits: GatewayLimits,
): OperationCost {
  const fragments = findFragments(document);
  const measure = (introspection: boolean): Walk => {
    const found = { cost: 0, mutations: 0, readsOthers: false, worst: { path: "", cost: 0 } };
    const walk: Walk = { ...graph, fragments, variables, limits, ...found };
    const place = {
      type: graph.schema.getRootType(operation.operation) ?? undefined,
      count: 1,
      size: undefined,
      path: "",
    };
    addSet(walk, operation.selectionSet, place, ({ name }) => name.value.startsWith("__") === introspection);
    return walk;
  };
  const introspection = measure(true);
  refuseAbove(limits.introspectionCost, introspection);
  const walk = measure(false);
  refuseAbove(limits.cost, walk);
  const { cost, mutations, readsOthers } = walk;
  return { reads: cost - mutations + introspection.cost, mutations, readsOthers };
}

function refuseAbove(limit: number, { cost, worst }: Walk): void {
  if (cost > limit)
    throw documentFault(
      `the operation may cost ${cost} objects, more than ${limit}; most of them are ${worst.path} (${worst.cost}); ask for smaller pages or fewer lists inside lists`,
    );
}

function addSet(walk: Walk, set: SelectionSetNode, place: Place, wanted?: (field: FieldNode) => boolean): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      if (wanted?.(selection) !== false) addField(walk, selection, place);
      continue;
    }
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : walk.fragments.get(selection.name.value);
    if (inner === undefined) continue;
    const type = inner.typeCondition === undefined ? place.type : walk.schema.getType(inner.typeCondition.name.value);
    addSet(walk, inner.selectionSet, { ...place, type }, wanted);
  }
}

function addField(walk: Walk, node: FieldNode, { type, count, size, path }: Place): void {
  const field = fieldOf(walk.schema, type, node.name.value);
  if (field === undefined) return;
  const named = getNamedType(field.type);
  const isMutation = type === walk.schema.getMutationType();
  if (!isCompositeType(named) && !isMutation) return;
  const asked = sizeOf(walk, field, node);
  const isList = isListType(isNonNullType(field.type) ? field.type.ofType : field.type);
  const objects = isList ? count * (asked ?? size ?? unpagedSize(walk, field)) : count;
  const cost = objects * weightOf(field, isMutation ? MUTATION_WEIGHT : 1);
  const here = path === "" ? node.name.value : `${path}.${node.name.value}`;
  walk.cost += cost;
  if (isMutation) walk.mutations += cost;
  if (path !== "" && standsForItself(walk, named)) walk.readsOthers = true;
  if (cost > walk.worst.cost) walk.worst = { path: here, cost };
  if (node.selectionSet === undefined) return;
  // The size of a page is for the lists of the page itself, its edges and nodes, and not for what is below them.
  addSet(walk, node.selectionSet, { type: named, count: objects, size: isList ? undefined : asked, path: here });
}

/** Subgraphs know its objects by a key, so that it is more than a part of the object it is met in. */
function standsForItself({ schema, keys }: Walk, type: GraphQLNamedType): boolean {
  const types = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
  return types.some(({ name }) => (keys.get(name)?.size ?? 0) > 0);
}

function weightOf({ description }: GraphQLField<unknown, unknown>, usual: number): number {
  return Number(WEIGHT.exec(description ?? "")?.[1] ?? usual);
}

function fieldOf(schema: GraphQLSchema, type: Place["type"], name: string): GraphQLField<unknown, unknown> | undefined {
  if (type === schema.getQueryType() && name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (type === schema.getQueryType() && name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

/** How many a list without a page size may hold: introspection is as long as the schema, others as they say or we suppose. */
function unpagedSize({ schema, limits }: Walk, field: GraphQLField<unknown, unknown>): number {
  if (!isIntrospectionType(getNamedType(field.type)))
    return Number(MOST.exec(field.description ?? "")?.[1] ?? limits.listSize);
  return field.name === "types" ? Object.keys(schema.getTypeMap()).length : INTROSPECTION_SIZE;
}

function argumentsOf(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Record<string, unknown>,
): Record<string, unknown> {
  try {
    return getArgumentValues(field, node, variables);
  } catch (cause) {
    // Such as null for a variable whose type allows it, in a place whose type does not.
    throw cause instanceof GraphQLError ? asDocumentFault(cause) : cause;
  }
}

/** The size among given values; resolvers take the declared default for null, too. */
function sizeAmong(given: unknown, declared: readonly { name: string; defaultValue?: unknown }[]): number | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  for (const { name, defaultValue } of declared) {
    const size: unknown = (given as Record<string, unknown>)[name] ?? defaultValue;
    if (SIZE_ARGUMENTS.includes(name) && typeof size === "number") return Math.max(0, size);
  }
  return undefined;
}

/** The page size a field is asked with, in an argument of its own or in one of an input object; undefined when it has none. */
function sizeOf(
  { variables, limits }: Walk,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
): number | undefined {
  if (field.args.length === 0) return undefined;
  const given = argumentsOf(field, node, variables);
  const ofInputs = field.args.map(({ name, type }) => {
    const input = getNamedType(type);
    return isInputObjectType(input) ? sizeAmong(given[name], Object.values(input.getFields())) : undefined;
  });
  const size = [sizeAmong(given, field.args), ...ofInputs].find((found) => found !== undefined);
  if (size !== undefined) return size;
  if (!field.args.some(({ name }) => name === "first" || name === "last")) return undefined;
  return Number(DEFAULT_SIZE.exec(field.description ?? "")?.[1] ?? limits.pageSize);
}
