import assert from "node:assert/strict";
import type { DirectoryState } from "../../../shared/account/directory-state.ts";
import type { DirectoryConfiguration } from "../../../shared/configuration/directory.ts";
import type { TestApp } from "./app.ts";

export function directoryOf({ configuration: { directory } }: TestApp): DirectoryConfiguration {
  return directory ?? assert.fail("No directory is configured");
}

/** What the app has stored about its subscription, if anything. */
export function storedState({ memory }: TestApp): DirectoryState | undefined {
  return [...memory.directory.documents.values()][0];
}
