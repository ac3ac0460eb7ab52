import type { ModelProfile } from "@soma/conf/models";
import type { ChatRequest } from "@soma/sdk/model-client";

/** Tokens an answer may have: the fewer of what the request and the profile say; undefined where neither says any. */
export function outputLimit(
  { maxOutputTokens: asked }: Pick<ChatRequest, "maxOutputTokens">,
  { maxOutputTokens: usual }: NonNullable<ModelProfile["params"]> = {},
): number | undefined {
  return asked === undefined ? usual : Math.min(asked, usual ?? asked);
}
