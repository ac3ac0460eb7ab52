import { Type } from "typebox";
import { lookAtServer, serverSettings } from "../http/look-at-server.ts";
import { defineProvider } from "../provider.ts";
import { createOpenAiResponsesClient } from "./client.ts";

const settings = Type.Object({
  ...serverSettings,
  reasoning: Type.Optional(
    Type.Object(
      {
        effort: Type.Optional(Type.String({ description: "how much the model thinks, such as low, medium or high" })),
        summary: Type.Optional(Type.String({ description: "what it tells of that, such as auto or detailed" })),
      },
      { additionalProperties: false },
    ),
  ),
});

/** Servers that speak POST /responses: OpenAI, Azure, and those of open models that follow Open Responses. */
export default defineProvider({
  name: "openai-responses",
  settings,
  look: (params) => lookAtServer(params, createOpenAiResponsesClient),
});
