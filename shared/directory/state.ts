import { newDirectoryState, stateKeyOf, type DirectoryState } from "../account/directory-state.ts";
import type { App } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { settledWith, untilSettled } from "../store/contention.ts";
import type { Versioned } from "../store/point-operations.ts";
import { writeOver } from "../store/write-over.ts";

export async function readState(
  app: App,
  directory: DirectoryConfiguration,
  signal: AbortSignal,
): Promise<DirectoryState> {
  const id = stateKeyOf(app.configuration, directory);
  return (await readVersion(app, id, signal))?.document ?? newDirectoryState({ id });
}

async function readVersion(app: App, id: string, signal: AbortSignal): Promise<Versioned<DirectoryState> | undefined> {
  return (await app.store()).directory.read(id, signal);
}

/**
 * Changes the state. After a conflict, it decides anew on what another instance has written.
 * @param decide pure; undefined if there is nothing to change
 * @returns the state as it is now
 */
export async function changeState(
  app: App,
  directory: DirectoryConfiguration,
  decide: (state: DirectoryState) => Partial<DirectoryState> | undefined,
  signal: AbortSignal,
): Promise<DirectoryState> {
  const operations = (await app.store()).directory;
  const id = stateKeyOf(app.configuration, directory);
  const change = async (current: Versioned<DirectoryState> | undefined) => {
    const before = current?.document ?? newDirectoryState({ id });
    const decided = decide(before);
    if (!decided) return settledWith(before);
    const after = { ...before, ...decided };
    return writeOver(operations, after, current, after, signal);
  };
  return untilSettled(operations, id, await operations.read(id, signal), change, signal);
}
