import { type ReactNode, useMemo } from "react";
import { LongText } from "./long-text.tsx";
import { toReadableArguments } from "./readable-json.ts";

/** What a tool was asked with, as a value to read wherever a call is shown. */
export function CallArguments({ args, label = "Arguments" }: { args: unknown; label?: string }): ReactNode {
  const text = useMemo(() => toReadableArguments(args), [args]);
  return <LongText label={label} text={text} />;
}
