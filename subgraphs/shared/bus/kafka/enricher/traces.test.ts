import { describe, expect, it } from "vitest";
import { createTraces, type Said } from "./traces.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACE_PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const NOTHING: Said = { tenant: "acme", id: "", traceParent: "", requestId: "", traceId: "", runId: "", sessionId: "" };
const said = (more: Partial<Said>): Said => ({ ...NOTHING, id: "event-1", ...more });

describe("createTraces()", () => {
  it("leaves an event the trace it has, also where another one is known of its run", () => {
    const traces = createTraces();
    traces.learn(said({ runId: "r", traceParent: TRACE_PARENT }));
    const own = TRACE_PARENT.replace("0af7", "1af7");
    expect(traces.find(said({ runId: "r", traceParent: own }))).toEqual({
      from: "own",
      traceParent: own,
      requestId: "",
    });
  });

  it("gives an event the trace and the request of its run, or else those of its session", () => {
    const traces = createTraces();
    traces.learn(said({ runId: "r", sessionId: "s", traceParent: TRACE_PARENT, requestId: "request-1" }));
    const known = { traceParent: TRACE_PARENT, requestId: "request-1" };
    expect(traces.find(said({ runId: "r" }))).toEqual({ from: "run", ...known });
    expect(traces.find(said({ sessionId: "s" }))).toEqual({ from: "session", ...known });
    expect(traces.find(said({ runId: "r", requestId: "mine" }))).toMatchObject({ from: "run", requestId: "mine" });
  });

  it("carries nothing from one tenant to another", () => {
    const traces = createTraces();
    traces.learn(said({ runId: "r", sessionId: "s", traceParent: TRACE_PARENT }));
    expect(traces.find(said({ tenant: "globex", runId: "r", sessionId: "s" })).from).toBe("made");
  });

  it("keeps the trace that a run was first heard of in, of the newest runs alone", () => {
    const traces = createTraces(2);
    traces.learn(said({ runId: "first", traceParent: TRACE_PARENT }));
    traces.learn(said({ runId: "first", traceParent: TRACE_PARENT.replace("0af7", "1af7") }));
    expect(traces.find(said({ runId: "first" })).traceParent).toBe(TRACE_PARENT);
    for (const runId of ["second", "third"]) traces.learn(said({ runId, traceParent: TRACE_PARENT }));
    expect(traces.find(said({ runId: "first" })).from).toBe("made");
    expect(traces.find(said({ runId: "third" })).from).toBe("run");
  });

  it("believes the trace id in the contents of an event over what is known, and learns from it", () => {
    const traces = createTraces();
    traces.learn(said({ runId: "r", traceParent: TRACE_PARENT, requestId: "request-1" }));
    expect(traces.find(said({ runId: "r", traceId: TRACE_ID }))).toEqual({
      from: "contents",
      traceParent: TRACE_PARENT,
      requestId: "request-1",
    });
    const other = TRACE_ID.replace("0af7", "1af7");
    const found = traces.find(said({ runId: "r", traceId: other }));
    expect([found.from, found.traceParent.split("-")[1]]).toEqual(["contents", other]);
    traces.learn(said({ runId: "untold", traceId: other }));
    expect(traces.find(said({ runId: "untold", id: "event-2" })).traceParent).toContain(other);
  });

  it("makes the same trace of the same event each time, one for all events of a run, and one that is well formed", () => {
    const [here, there] = [createTraces(), createTraces()];
    const made = here.find(said({}));
    expect(there.find(said({}))).toEqual(made);
    expect(made).toMatchObject({ from: "made", requestId: "event-1" });
    expect(made.traceParent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(here.find(said({ id: "event-2" })).traceParent).not.toBe(made.traceParent);
    const ofRun = ["event-1", "event-2"].map((id) => here.find(said({ id, runId: "r" })).traceParent.split("-"));
    expect(ofRun[0]?.[1]).toBe(ofRun[1]?.[1]);
    expect(ofRun[0]?.[2]).not.toBe(ofRun[1]?.[2]);
  });

  it.each(["", "not a trace", `00-${"0".repeat(32)}-b7ad6b7169203331-01`, `ff-${TRACE_ID}-b7ad6b7169203331-01`])(
    "takes %j for no trace: it learns nothing of it, and replaces it",
    (traceParent) => {
      const traces = createTraces();
      traces.learn(said({ runId: "r", traceParent }));
      expect(traces.find(said({ runId: "r", traceParent }))).toMatchObject({ from: "made" });
    },
  );

  it("makes a request id of what it is not allowed to be as it is", () => {
    const { requestId } = createTraces().find(said({ id: "not allowed: \n" }));
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
  });
});
