import { type ComponentType, type ReactNode, useEffect, useState } from "react";
import { problemOf } from "./graphql/to-problem.ts";
import { ProblemNote } from "./ui/problem-note.tsx";
import { Loading } from "./ui/states.tsx";

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>;

/** What stands where the part would be. */
interface Instead {
  /** What is loaded, as in "Loading the page…". */
  loading: string;
  /** A sentence before the reason. */
  failed: string;
  /** What such a note stands in. */
  frame?(note: ReactNode): ReactNode;
}

/**
 * A part of the page of its own file, which is drawn as soon as it is there. React's own `lazy` draws what stands for it
 * for 300 ms at least, however soon the part comes: that was more than half of the wait for a list.
 */
export function createPart<Props extends object>(instead: Instead, load: Load<Props>) {
  let asked: Promise<unknown> | undefined;
  let Loaded: ComponentType<Props> | undefined;
  const fetch = (): Promise<unknown> => {
    asked ??= load()
      .catch(notLoaded(instead))
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
    return Loaded === undefined ? <Loading what={instead.loading} /> : <Loaded {...props} />;
  }
  return Object.assign(Part, { fetch });
}

/** A part that is all of a page: where it could not be fetched, its heading is there. */
export function createPage<Props extends object>(heading: string, load: Load<Props>) {
  const frame = (note: ReactNode): ReactNode => (
    <main id="main" tabIndex={-1}>
      <h1 tabIndex={-1}>{heading}</h1>
      {note}
    </main>
  );
  return createPart({ loading: "the page", failed: "This page could not be loaded.", frame }, load);
}

/** Of a build that is newer than this page, whose parts are gone; or the network was away. */
function notLoaded({ failed, frame = (note) => note }: Instead): (error: unknown) => { default: () => ReactNode } {
  return (error) => {
    const retry = (): void => location.reload();
    return { default: () => frame(<ProblemNote what={failed} problem={problemOf(error)} onRetry={retry} />) };
  };
}
