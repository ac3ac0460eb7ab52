import type { AgentsQuery } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { toClock, toCount } from "../../ui/words.ts";
import styles from "./project-note.module.css";

type Project = NonNullable<AgentsQuery["project"]>;

/** What of the project is in use: all of it, or what of it cannot be taken, and where to mend that. */
export function ProjectNote({ project: { name, loadedAt, faults } }: { project: Project }): ReactNode {
  const read = `read at ${toClock(loadedAt)}`;
  if (faults.length === 0)
    return (
      <p className={styles.fine}>
        Project <strong>{showHidden(name)}</strong>, {read}; a file that is saved is taken at once.
      </p>
    );
  return (
    <section className={styles.faults} role="alert" aria-label="Faults of the project">
      <h2>
        {faults.length === 1 ? "A file" : `${toCount(faults.length)} files`} of {showHidden(name)} cannot be taken
      </h2>
      <ul>
        {faults.map(({ message, file, line }) => (
          <li key={message}>
            <code>{showHidden(line === null ? file : `${file}:${line}`)}</code>
            <p>{showHidden(message)}</p>
          </li>
        ))}
      </ul>
      <p className={styles.note}>What was there before goes on. Save the file, and it is read again ({read}).</p>
    </section>
  );
}
