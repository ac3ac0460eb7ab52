import type { SomaClient } from "@soma/graphql/client";
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery, type IntrospectionQuery } from "graphql";

/** The schema as this page may know it. */
export type KnownSchema =
  | { state: "loading" }
  | { state: "known"; schema: GraphQLSchema }
  /** The server does not tell it, or takes registered documents only. */
  | { state: "off"; why: string }
  | { state: "failed"; why: string };

const OFF = /introspection has been disabled/i;

/** Asks the server for its schema, as the person who is signed in. */
export async function loadSchema(client: Pick<SomaClient, "answers">): Promise<KnownSchema> {
  try {
    const query = getIntrospectionQuery({ descriptions: true });
    for await (const { data, errors } of client.answers({ query, variables: {} })) {
      const [error] = errors ?? [];
      if (error === undefined) return { state: "known", schema: buildClientSchema(data as IntrospectionQuery) };
      const isOff = OFF.test(error.message) || error.extensions?.code === "PERSISTED_QUERY_NOT_FOUND";
      return { state: isOff ? "off" : "failed", why: error.message };
    }
    return { state: "failed", why: "nothing was answered" };
  } catch (error) {
    return { state: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}
