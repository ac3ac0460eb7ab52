import { callTool } from "@soma/sdk/call-tool";
import { appended, graph } from "@soma/sdk/graph";
import { wait } from "@soma/sdk/wait";

const REMINDERS = 3;
const MINUTES = 15;

/** Reminds of something every quarter of an hour; nobody holds the run in between, and no process has to stay. */
export default graph("timer", 1, { sent: appended<string>() })
  .node(
    "wait",
    wait((_state, { now }) => new Date(now().getTime() + MINUTES * 60_000)),
  )
  .node(
    "remind",
    callTool("send_reminder", {
      args: ({ sent }, { run }) => ({ text: String(run.input.text), number: sent.length + 1 }),
      into: (output) => ({ sent: [output] }),
    }),
  )
  .node("end", { type: "answer", pure: true, run: ({ sent }) => ({ summary: `${sent.length} reminders were sent` }) })
  .edge("wait", "remind")
  .when("remind", ["wait", "end"], ({ sent }) => (sent.length < REMINDERS ? "wait" : "end"))
  .build(({ sent }) => sent.join("\n"));
