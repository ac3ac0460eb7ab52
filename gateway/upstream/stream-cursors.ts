import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  visit,
} from "graphql";

/** How a stream counts what it tells. */
interface StreamCursor {
  /** Argument of the root field that says after what to go on. */
  argument: string;
  /**
   * Field that says how far the stream has come, by the type of its event. After an event of another type, such as its last
   * one, nobody could say what is still to come, and nobody joins.
   */
  positions: Readonly<Record<string, string>>;
}

/** Streams that go on from a cursor, by their root field. */
export type StreamCursors = Readonly<Record<string, StreamCursor>>;

/** Those of our graph; a test compares them with its schema. */
export const STREAM_CURSORS: StreamCursors = {
  runEvents: { argument: "afterSeq", positions: { RunBatch: "lastSeq", RunHeartbeat: "headSeq" } },
};

/** How one subscription tells where it is in its stream. */
export interface Cursor {
  /** The variable that says after what to go on; it says nothing else. */
  variable: string;
  /** How far the stream has come with this event; undefined when the event does not say. */
  positionOf(event: ExecutionResult): number | undefined;
}

/** The cursor of an operation as a subgraph is asked it; undefined when nobody could tell from its events where it is. */
export function findCursor(query: string, cursors: StreamCursors): Cursor | undefined {
  const document = parse(query, { noLocation: true });
  const root = rootOf(document);
  const name = root?.name.value ?? "";
  const known = Object.hasOwn(cursors, name) ? cursors[name] : undefined;
  const value = root?.arguments?.find((argument) => argument.name.value === known?.argument)?.value;
  if (root === undefined || known === undefined || value?.kind !== Kind.VARIABLE) return undefined;
  const variable = value.name.value;
  if (!isPlain(document, variable, known)) return undefined;
  const answeredAs = root.alias?.value ?? name;
  return {
    variable,
    positionOf: ({ data, errors }) => (errors === undefined ? read(data?.[answeredAs], known) : undefined),
  };
}

function rootOf({ definitions }: DocumentNode): FieldNode | undefined {
  const operation = definitions.find(
    (each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION,
  );
  const [root, ...others] = operation?.selectionSet.selections ?? [];
  return root?.kind === Kind.FIELD && others.length === 0 ? root : undefined;
}

/** Whether the variable is used once, and no other field answers under the name of one that tells the position. */
function isPlain(document: DocumentNode, variable: string, { positions }: StreamCursor): boolean {
  const taken = Object.values(positions);
  let uses = 0;
  let renamed = false;
  visit(document, {
    VariableDefinition: () => false,
    Variable(node) {
      if (node.name.value === variable) uses += 1;
    },
    Field({ alias, name }) {
      renamed ||= alias !== undefined && alias.value !== name.value && taken.includes(alias.value);
    },
  });
  return uses === 1 && !renamed;
}

function read(event: unknown, { positions }: StreamCursor): number | undefined {
  const { __typename: type, ...fields } = (event ?? {}) as Record<string, unknown>;
  if (typeof type !== "string" || !Object.hasOwn(positions, type)) return undefined;
  const position = fields[positions[type] ?? ""];
  return typeof position === "number" ? position : undefined;
}
