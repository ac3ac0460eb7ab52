import { useEffect, useState } from "react";
import { askSignInCommand, SIGN_IN_COMMAND } from "./sign-in-command.ts";

/** What to type on the server's machine for a sign-in link. */
export function useSignInCommand(): string {
  const [command, setCommand] = useState(SIGN_IN_COMMAND);
  useEffect(() => {
    let current = true;
    void askSignInCommand(window.fetch.bind(window)).then((told) => current && setCommand(told));
    return () => {
      current = false;
    };
  }, []);
  return command;
}
