import { SomaError } from "@soma/shared/errors";
import { type DocumentNode, parse, print } from "graphql";

/** Documents that an operator knows, by their ids. */
export interface RegisteredDocuments {
  /** The text under an id, as clients send it instead of the text. Throws PERSISTED_QUERY_NOT_FOUND. */
  get(id: string): string;
  /** Throws PERSISTED_QUERY_NOT_FOUND when only registered documents are taken and this is none. */
  check(document: DocumentNode): void;
}

/** None, and everything is taken. */
export const ANY_DOCUMENT: RegisteredDocuments = createRegisteredDocuments({ byId: {}, only: false });

interface RegisterParams {
  /** Texts by id; what clients send as `documentId` or as the hash of a persisted query. */
  byId: Readonly<Record<string, string>>;
  /** More texts, which are known without an id. */
  texts?: readonly string[];
  only: boolean;
}

/**
 * A document that is sent as text is registered when each of its operations and fragments is, whatever their order and
 * layout: clients put together what they send from such parts.
 */
export function createRegisteredDocuments({ byId, texts = [], only }: RegisterParams): RegisteredDocuments {
  const known = new Map(Object.entries(byId).map(([id, text]) => [bareId(id), text]));
  const parts = new Set([...known.entries(), ...texts.map((text) => ["", text] as const)].flatMap(partsOf));
  return {
    get(id) {
      const text = known.get(bareId(id));
      if (text === undefined)
        throw new SomaError("PERSISTED_QUERY_NOT_FOUND", `no document is registered under "${id.slice(0, 80)}"`);
      return text;
    },
    check({ definitions }) {
      if (only && !definitions.every((definition) => parts.has(print(definition))))
        throw new SomaError("PERSISTED_QUERY_NOT_FOUND", "this document is not registered, and no other is taken here");
    },
  };
}

/** An id without the name of the hash it may be, which some tools write and others do not. */
function bareId(id: string): string {
  return id.replace(/^sha256:/, "");
}

function partsOf([id, text]: readonly [string, string]): string[] {
  try {
    return parse(text, { noLocation: true }).definitions.map(print);
  } catch (cause) {
    throw new SomaError("BAD_INPUT", `the registered document "${id}" cannot be read: ${String(cause)}`, { cause });
  }
}
