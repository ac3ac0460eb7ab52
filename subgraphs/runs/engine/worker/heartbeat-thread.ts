import { parentPort, workerData } from "node:worker_threads";
import { type BeatingOptions, type FromBeating, startBeating } from "./beating.ts";

/** The thread of heartbeat.ts: it shares nothing with the event loop of its process, which may be busy for seconds. */
const port = parentPort;
if (port === null) throw new Error("this is the thread of the heartbeat, which heartbeat.ts starts");
port.on(
  "message",
  startBeating(workerData as BeatingOptions, (said: FromBeating) => port.postMessage(said)),
);
