import { type ComponentType, type ReactNode, useEffect, useState } from "react";
import { problemOf } from "./graphql/to-problem.ts";
import { ProblemNote } from "./ui/problem-note.tsx";
import { Loading } from "./ui/states.tsx";

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>;

/**
 * A part of the page of its own file, which is drawn as soon as it is there. React's own `lazy` draws what stands for it
 * for 300 ms at least, however soon the part comes: that was more than half of the wait for a list.
 */
export function createPart<Props extends object>(heading: string, load: Load<Props>) {
  let asked: Promise<unknown> | undefined;
  let Loaded: ComponentType<Props> | undefined;
  const fetch = (): Promise<unknown> => {
    asked ??= load()
      .catch(notLoaded(heading))
      .then((part) => {
        Loaded = part.default;
      });
    return asked;
  };
  function Part(props: Props): ReactNode {
    const [, redraw] = useState(false);
    useEffect(() => {
      let isHere = true;
      void fetch().then(() => isHere && redraw(true));
      return () => {
        isHere = false;
      };
    }, []);
    return Loaded === undefined ? <Loading what="the page" /> : <Loaded {...props} />;
  }
  return Object.assign(Part, { fetch });
}

/** Of a build that is newer than this page, whose parts are gone; or the network was away. */
function notLoaded(heading: string): (error: unknown) => { default: () => ReactNode } {
  return (error) => {
    return {
      default: () => (
        <main id="main" tabIndex={-1}>
          <h1 tabIndex={-1}>{heading}</h1>
          <ProblemNote
            what="This page could not be loaded."
            problem={problemOf(error)}
            onRetry={() => location.reload()}
          />
        </main>
      ),
    };
  };
}
