import { GraphQLError } from "graphql";

/** Where in an answer something is missing. */
export type Place = readonly (string | number)[];

/** One failure that costs several places of an answer. */
export class FailedAt extends GraphQLError {
  readonly places: readonly Place[];

  constructor(message: string, places: readonly Place[], cause: Error) {
    super(message, { originalError: cause });
    this.places = places;
  }
}
