import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import type { GatewayLimits } from "../ground/limits.ts";
import { documentFault } from "./document-fault.ts";

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** What a selection set is once its fragments are opened. */
interface Size {
  /** Fields, inline fragments and spreads. */
  selections: number;
  directives: number;
}

export function findFragments(document: DocumentNode): Fragments {
  return new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
}

/**
 * Bounds what the document unfolds to, without unfolding it: each fragment is measured once, and counted wherever it is spread.
 * Once that holds, it can be unfolded to count the pairs of fields that validation compares.
 */
export function checkSelections(document: DocumentNode, fragments: Fragments, limits: GatewayLimits): void {
  const sizes = new Map<string, Size>();
  const opened: Size = { selections: 0, directives: 0 };
  for (const name of fragments.keys()) add(opened, fragmentSize(name, fragments, sizes));
  const roots = findRoots(document, fragments);
  const total: Size = { selections: 0, directives: 0 };
  for (const root of roots) add(total, sizeOf(root.selectionSet, fragments, sizes));
  if (total.selections > limits.selections)
    throw documentFault(
      `the document selects ${total.selections} fields and fragments once its fragments are opened; at most ${limits.selections} are allowed`,
    );
  if (total.directives > limits.directives)
    throw documentFault(
      `the document has ${total.directives} directives once its fragments are opened; at most ${limits.directives} are allowed`,
    );
  if (opened.selections > limits.fragmentSelections)
    throw documentFault(
      `the fragments of the document select ${opened.selections} fields and fragments once each of them is opened; at most ${limits.fragmentSelections} are allowed; put fewer of them inside one another`,
    );
  const pairs = roots.reduce((sum, root) => sum + pairsOf([root.selectionSet], fragments), 0);
  if (pairs > limits.fieldPairs)
    throw documentFault(
      `the document asks for fields of one name again and again, ${pairs} pairs to compare; at most ${limits.fieldPairs} are allowed`,
    );
}

/** Operations, and the fragments that none of them leads to: validation looks at all of it, whichever operation runs. */
function findRoots(document: DocumentNode, fragments: Fragments) {
  const reached = new Set<FragmentDefinitionNode>();
  const reach = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        if (selection.selectionSet !== undefined) reach(selection.selectionSet);
        continue;
      }
      const fragment = fragments.get(selection.name.value);
      if (fragment === undefined || reached.has(fragment)) continue;
      reached.add(fragment);
      reach(fragment.selectionSet);
    }
  };
  const roots: (OperationDefinitionNode | FragmentDefinitionNode)[] = document.definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  for (const { selectionSet } of roots) reach(selectionSet);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.FRAGMENT_DEFINITION || reached.has(definition)) continue;
    roots.push(definition);
    reach(definition.selectionSet);
  }
  return roots;
}

function sizeOf(set: SelectionSetNode, fragments: Fragments, sizes: Map<string, Size>): Size {
  const size: Size = { selections: 0, directives: 0 };
  for (const selection of set.selections) {
    size.selections += 1;
    size.directives += selection.directives?.length ?? 0;
    if (selection.kind === Kind.FRAGMENT_SPREAD) add(size, fragmentSize(selection.name.value, fragments, sizes));
    else if (selection.selectionSet !== undefined) add(size, sizeOf(selection.selectionSet, fragments, sizes));
  }
  return size;
}

const NOTHING: Size = { selections: 0, directives: 0 };
/** A fragment that is being measured: whoever meets it is inside it. */
const OPEN: Size = { selections: Number.NaN, directives: 0 };

function fragmentSize(name: string, fragments: Fragments, sizes: Map<string, Size>): Size {
  const known = sizes.get(name);
  if (known === OPEN) throw documentFault(`Cannot spread fragment "${name}" within itself`);
  if (known !== undefined) return known;
  const fragment = fragments.get(name);
  if (fragment === undefined) return NOTHING;
  sizes.set(name, OPEN);
  const size = sizeOf(fragment.selectionSet, fragments, sizes);
  sizes.set(name, size);
  return size;
}

function add(to: Size, { selections, directives }: Size): void {
  to.selections += selections;
  to.directives += directives;
}

/** Pairs of fields that answer under one name at one place. Validation compares each of them, and all that is below. */
function pairsOf(sets: readonly SelectionSetNode[], fragments: Fragments): number {
  const byName = new Map<string, FieldNode[]>();
  for (const set of sets) collect(set, fragments, byName);
  let pairs = 0;
  for (const fields of byName.values()) {
    pairs += (fields.length * (fields.length - 1)) / 2;
    const inner = fields.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));
    if (inner.length > 0) pairs += pairsOf(inner, fragments);
  }
  return pairs;
}

function collect(set: SelectionSetNode, fragments: Fragments, byName: Map<string, FieldNode[]>): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      const name = (selection.alias ?? selection.name).value;
      const fields = byName.get(name);
      if (fields === undefined) byName.set(name, [selection]);
      else fields.push(selection);
      continue;
    }
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (inner !== undefined) collect(inner.selectionSet, fragments, byName);
  }
}
