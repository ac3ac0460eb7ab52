import type { SomaClient } from "@soma/graphql/client";
import { PolicyOfDocument } from "@soma/graphql/operations";
import type { DecisionRecord } from "@soma/schemas/verdict/recorded-decision";
import { ALL_OR_NOTHING } from "../run-history.ts";

/** The data that a decision was made with; undefined when the product does not have them. */
export type DataOf = (record: DecisionRecord) => Promise<string | undefined>;

/** Asks the product for the same data once. */
export function createDataCache(client: SomaClient): DataOf {
  const known = new Map<string, string | undefined>();
  return async ({ dataRevision }) => {
    if (!known.has(dataRevision)) {
      const { policy } = await client.request(PolicyOfDocument, { dataRevision }, ALL_OR_NOTHING);
      known.set(dataRevision, policy?.data);
    }
    return known.get(dataRevision);
  };
}
