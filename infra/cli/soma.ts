import { Command, type CommanderError } from "commander";
import { addBudgets } from "./add-budgets.ts";
import { addConfig, modeOption } from "./add-config.ts";
import { addKeys } from "./add-keys.ts";
import { addMemory } from "./add-memory.ts";
import { addOutbox } from "./add-outbox.ts";
import { addRuns } from "./add-runs.ts";
import { addSchedules } from "./add-schedules.ts";
import { addSomaBrainSync } from "./add-somabrain-sync.ts";
import { listAgents, toAsked } from "./agents.ts";
import { ask } from "./ask.ts";
import { addAudit } from "./audit/add-audit.ts";
import { addBench } from "./bench.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { addCompletion } from "./completion/add-completion.ts";
import { startProject } from "./dev.ts";
import { doctor } from "./doctor.ts";
import { findProduct, type Product, type ProductOptions } from "./find-product.ts";
import { hintsFor } from "./hints.ts";
import { initProject } from "./init.ts";
import { linkProject } from "./link.ts";
import { listModels, testModel } from "./models.ts";
import { openPage } from "./open.ts";
import { toJournals, toPort } from "./option-values.ts";
import { addPolicy } from "./policy/add-policy.ts";
import { isJsonWanted, print, printJson, safe, toJson } from "./print.ts";
import { readQuestion } from "./read-question.ts";
import { replayLive } from "./replay-live.ts";
import { signIn } from "./sign-in.ts";
import { showToken } from "./token.ts";
import { listTools } from "./tools.ts";
import { applyTopics, listTopics } from "./topics.ts";
import { addTorture } from "./torture/add-torture.ts";

/**
 * The command line. Results go to stdout, everything else to stderr; `--json` prints one JSON value, whatever happens.
 * Exit codes: 0 done, 1 the product answered with an error, the run failed or one of its tool calls did, 2 wrong use, 3
 * the product cannot be reached, 130 Ctrl-C.
 */
const wantsJson = isJsonWanted(process.argv.slice(2));
let said = "";

const program = new Command("soma")
  .description("Talk to a running SomaAgent01")
  .version("0.1.0")
  .option("--port <n>", "port of the product on this machine", toPort)
  .option("--data <dir>", "data folder of the product; the nearest .soma when left out")
  .option("--json", "print JSON")
  .showHelpAfterError("(soma --help shows how it is used)")
  .configureOutput(wantsJson ? { writeOut: (text) => (said += text), writeErr: () => {} } : {})
  .exitOverride(leave);

/** The options every command shares, and the product they point at. */
function product(): Promise<Product> {
  return findProduct(program.opts<ProductOptions>(), process.env, process.cwd());
}

program
  .command("ask")
  .argument("[text]", "what to ask; `-`, or nothing, reads what is piped in")
  .option("--session <id>", "go on with a session")
  .option("--role <role>", "role to act under")
  .description("ask the assistant and print its answer")
  .action(async (text: string | undefined, options: { session?: string; role?: string }) =>
    ask(await product(), { asked: { text: await readQuestion(text, process.stdin) }, ...options, json: wantsJson }),
  );
program
  .command("run")
  .argument("<agent>", "its name; agents list shows them")
  .argument("[input]", "a text, or the whole input as an object of JSON; `-`, or nothing, reads what is piped in")
  .option("--session <id>", "go on with a session")
  .option("--role <role>", "role to act under")
  .option("--detach", "print the run's id and leave it to itself")
  .description("start a run of any agent and print its answer")
  .action(
    async (agent: string, input: string | undefined, options: { session?: string; role?: string; detach?: boolean }) =>
      ask(await product(), {
        asked: toAsked(agent, await readQuestion(input, process.stdin)),
        ...options,
        json: wantsJson,
      }),
  );

addRuns(program, { product, json: wantsJson });
addBudgets(program, { product, json: wantsJson });
addOutbox(program, { product, json: wantsJson });
addSomaBrainSync(program, { product, json: wantsJson });
addPolicy(program, { product, json: wantsJson });
addAudit(program, { product, json: wantsJson });

addSchedules(program, { product, json: wantsJson });

program
  .command("agents")
  .description("agents that runs can be started of")
  .command("list")
  .description("name, newest version and structure")
  .action(async () => listAgents(await product(), wantsJson));

program
  .command("tools")
  .description("tools of the assistant")
  .command("list")
  .description("name, risk, isolation and what it does")
  .action(async () => listTools(await product(), wantsJson));

const models = program.command("models").description("models that answer");
models
  .command("list")
  .description("profile, model, address, price, whose default, and whether it can be used")
  .action(async () => listModels(await product(), wantsJson));
models
  .command("test")
  .argument("<profile>", "its name; models list shows them")
  .description("ask a model for text, a tool call and JSON, and tell what works; costs money")
  .action(async (profile: string) => testModel(await product(), { profile, json: wantsJson }));

addMemory(program, { product, json: wantsJson });

const topics = program.command("topics").description("topics of Kafka, as topics.yaml has them");
topics
  .command("list")
  .option("--conf <dir>", "folder of topics.yaml; that of SOMA_CONF_DIR when left out")
  .description("the topics there are to be, and which of them the cluster has")
  .action(async (options: { conf?: string }) => listTopics({ ...options, json: wantsJson }));
topics
  .command("apply")
  .option("--dry-run", "only say what would be done", false)
  .option("--conf <dir>", "folder of topics.yaml; that of SOMA_CONF_DIR when left out")
  .description("make what the cluster lacks of topics and access lists; nothing is ever taken away")
  .action(async (options: { conf?: string; dryRun: boolean }) => applyTopics({ ...options, json: wantsJson }));

addConfig(program, { json: wantsJson });
addKeys(program, { json: wantsJson });

program
  .command("init")
  .argument("<dir>", "a folder that is empty or not there yet")
  .description("write a project: agents and tools of your own, with a test")
  .action(async (dir: string) => initProject(dir, wantsJson));
program
  .command("link")
  .argument("<dir>", "a project")
  .description("link the SDK of this installation into a project, such as a fresh clone")
  .action(async (dir: string) => linkProject(dir, wantsJson));
program
  .command("dev")
  .argument("<dir>", "a project")
  .description("run the product with a project, on this machine")
  .action(async (dir: string) => startProject(dir, program.opts<ProductOptions>()));
addTorture(program, { json: wantsJson });
addBench(program, { json: wantsJson });
program
  .command("replay")
  .requiredOption(
    "--live <n>",
    "how many journals, 1 to 1000000: of runs that have not ended, then of the newest",
    toJournals,
  )
  .option("--project <dir>", "with the agents of a project")
  .description("replay journals of a running product with the graphs at hand, before a deploy; executes nothing")
  .action(async (options: { live: number; project?: string }) => {
    const { data } = program.opts<{ data?: string }>();
    await replayLive({ ...options, ...(data === undefined ? {} : { data }), json: wantsJson });
  });
program
  .command("signin")
  .description("print a link that signs a browser in once")
  .action(async () => signIn(await product(), wantsJson));
program
  .command("token")
  .description(
    "print the token that this command line sends, for curl and other programs; it lets others do what you may",
  )
  .action(async () => showToken(await product(), wantsJson));
program
  .command("open")
  .argument("[run]", "the run whose page is meant")
  .option("--print", "print the address, and open nothing")
  .description("open the page in a browser, signed in; print its address where there is none")
  .action(async (run: string | undefined, options: { print?: boolean }) =>
    openPage(
      await product(),
      { ...options, ...(run === undefined ? {} : { run }), json: wantsJson },
      { platform: process.platform, env: process.env },
    ),
  );
program
  .command("doctor")
  .addOption(modeOption())
  .description("what runs, which model answers and why; with a mode, also what it lacks here")
  .action(async ({ mode }: { mode?: string }) =>
    doctor({ ...program.opts<ProductOptions>(), ...(mode === undefined ? {} : { mode }) }, wantsJson),
  );

addCompletion(program, { json: wantsJson });

// A reader such as `head` leaves when it has enough; that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : EXIT.FAILED));

/** Help, the version and wrong use end here. */
function leave({ exitCode, code, message }: CommanderError): never {
  const wrong = exitCode !== 0;
  const why = code === "commander.help" ? "say which command; soma --help lists them" : message.replace(/^error: /, "");
  if (wantsJson) printJson(wrong ? { error: { code: "BAD_INPUT", message: why } } : { text: said.trimEnd() });
  process.exit(wrong ? EXIT.USAGE : 0);
}

program.parseAsync().catch((error: unknown) => {
  const { start } = hintsFor(program.opts<ProductOptions>(), process.cwd());
  const known = error instanceof CliError ? error : CliError.from(error, start);
  if (wantsJson) print(toJson({ error: { code: known.code, message: known.message } }));
  else process.stderr.write(`soma: ${safe(known.message)}\n`);
  process.exit(known.exitCode);
});
