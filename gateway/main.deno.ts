import "./deno/no-deprecations.ts";
import { runMain } from "@soma/shared/run-main";
import { tellMemory } from "./deno/process-memory.ts";
import { startGateway } from "./main.node.ts";

/** The gateway on Deno, which has the modules of Node that `node/` asks for. `npm run start:deno` says what it is allowed. */
tellMemory();
await runMain("gateway", startGateway, { publishes: false });
