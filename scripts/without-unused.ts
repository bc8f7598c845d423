import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

interface Unused {
  readonly name: string;
  readonly file: RegExp;
  readonly because: string;
}

/**
 * Classes that this app never uses, but that tree shaking cannot remove. They do not include queries within one
 * partition, which the Cosmos DB client itself makes when it fails over by partition.
 */
export const unusedClasses: readonly Unused[] = [
  {
    name: "PipelinedQueryExecutionContext",
    file: /cosmos[\\/]dist[\\/]esm[\\/]queryExecutionContext[\\/]pipelinedQueryExecutionContext\.js$/,
    because: "the app has no queries across partitions",
  },
  {
    name: "HybridQueryExecutionContext",
    file: /cosmos[\\/]dist[\\/]esm[\\/]queryExecutionContext[\\/]hybridQueryExecutionContext\.js$/,
    because: "the app has no full-text search",
  },
  {
    name: "BulkHelper",
    file: /cosmos[\\/]dist[\\/]esm[\\/]bulk[\\/]BulkHelper\.js$/,
    because: "the app has no bulk operations",
  },
  {
    name: "InferenceService",
    file: /cosmos[\\/]dist[\\/]esm[\\/]inference[\\/]InferenceService\.js$/,
    because: "the app has no semantic ranking",
  },
  ...["EncryptionProcessor", "EncryptionManager", "EncryptionItemQueryIterator"].map((name) => ({
    name,
    file: new RegExp(`cosmos[\\\\/]dist[\\\\/]esm[\\\\/]encryption[\\\\/]${name}\\.js$`),
    because: "the app does not use the client's own encryption",
  })),
  ...["ChangeFeedForEpkRange", "ChangeFeedForPartitionKey", "ChangeFeedIteratorBuilder"].map((name) => ({
    name,
    file: new RegExp(`cosmos[\\\\/]dist[\\\\/]esm[\\\\/]client[\\\\/]ChangeFeed[\\\\/]${name}\\.js$`),
    because: "the app does not read the change feed",
  })),
  {
    name: "Scripts",
    file: /cosmos[\\/]dist[\\/]esm[\\/]client[\\/]Script[\\/]Scripts\.js$/,
    because: "the app has no stored procedures, triggers and functions in the database",
  },
  {
    name: "User",
    file: /cosmos[\\/]dist[\\/]esm[\\/]client[\\/]User[\\/]User\.js$/,
    because: "the app has no users and permissions in the database",
  },
  {
    name: "WorkloadIdentityCredential",
    file: /identity[\\/]dist[\\/]esm[\\/]credentials[\\/]workloadIdentityCredential\.js$/,
    because: "the app does not run on Kubernetes, whose workload identity this is",
  },
];

/** Replaces each with a class that cannot be constructed and says why. The rest of the packages stays as it is. */
export function withoutUnused(): Plugin {
  return {
    name: "without-unused",
    setup(building) {
      for (const { name, file, because } of unusedClasses) {
        building.onLoad({ filter: file }, async ({ path }) => {
          const source = await readFile(path, "utf8");
          if (!source.includes(`export class ${name} `)) throw new Error(`${path} has no class ${name}`);
          const message = JSON.stringify(`${name} is not in this bundle: ${because}`);
          return { contents: `export class ${name} { constructor() { throw new Error(${message}); } }` };
        });
      }
    },
  };
}
